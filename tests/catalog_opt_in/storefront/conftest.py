"""Places for products, and what storefronts show of them."""

import json

import pytest
from souk.catalog_opt_in.v1 import catalog_service_pb2 as catalog
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb

from tests.catalog_opt_in.builders import unique


@pytest.fixture
def collection(catalogue):
    async def make(title="Summer", **fields):
        made = products.Collection(title=unique(title), **fields)
        return await catalogue().CreateCollection(catalog.CreateCollectionRequest(collection=made))

    return make


@pytest.fixture
def category(catalogue):
    async def make(title="Protein", **fields):
        made = products.Category(**{"title": unique(title), "is_active": True} | fields)
        return await catalogue().CreateCategory(catalog.CreateCategoryRequest(category=made))

    return make


@pytest.fixture
def shelves(store):
    """Reads a storefront's collections or categories: the documents, and the answer."""

    async def read(tenant, kind, **fields):
        request = getattr(pb, f"ListStore{kind}Request")(parent=f"tenants/{tenant}", **fields)
        answer = await getattr(store(tenant), f"ListStore{kind}")(request)
        return [json.loads(document) for document in answer.documents], answer

    return read
