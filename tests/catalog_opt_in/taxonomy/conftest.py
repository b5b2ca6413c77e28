"""Fixtures of the taxonomy's tests: calls to collections and to categories."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products

from tests.catalog_opt_in.builders import unique


class Kind:
    """Calls to one kind of what products are in, or have."""

    def __init__(self, catalogue, word, plural):
        self._stub, self.word, self._plural = catalogue, word, plural
        self.field, self.names = word.lower(), plural.lower()

    def of(self, **fields):
        defaults = {"is_active": True} if self.word == "Category" else {}
        return getattr(products, self.word)(**{"title": unique(self.word)} | defaults | fields)

    def holding(self, place):
        """Returns the fields of a product that is in it."""
        if self.word == "Category":
            return {"categories": [place.name]}
        return {"collection": place.name}

    async def create(self, tenant="hq", request_id="", **fields):
        body = {self.field: self.of(**fields), "request_id": request_id}
        return await self._call("Create", tenant, body)

    async def update(self, resource, *paths, tenant="hq"):
        body = {self.field: resource, "update_mask": FieldMask(paths=paths)}
        return await self._call("Update", tenant, body)

    async def get(self, name, tenant="hq"):
        return await self._call("Get", tenant, {"name": name})

    async def delete(self, name, tenant="hq"):
        return await self._call("Delete", tenant, {"name": name})

    async def all(self, tenant="hq", **fields):
        method = f"List{self._plural}"
        answer = await getattr(self._stub(tenant), method)(
            getattr(pb, f"{method}Request")(**fields)
        )
        return list(getattr(answer, self.names)), answer

    async def _call(self, verb, tenant, body):
        method = f"{verb}{self.word}"
        return await getattr(self._stub(tenant), method)(getattr(pb, f"{method}Request")(**body))


@pytest.fixture
def collections(catalogue):
    return Kind(catalogue, "Collection", "Collections")


@pytest.fixture
def categories(catalogue):
    return Kind(catalogue, "Category", "Categories")


@pytest.fixture(params=["collections", "categories"])
def kind(request):
    return request.getfixturevalue(request.param)
