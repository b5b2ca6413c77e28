"""Fixtures of the catalogue's tests: stubs of its services, and what is made and read by them."""

import asyncio
import json
import uuid
from contextlib import suppress

import pytest
import pytest_asyncio
from google.protobuf.field_mask_pb2 import FieldMask
from souk.audit.v1 import audit_service_pb2 as audit
from souk.audit.v1.audit_service_pb2_grpc import AuditServiceStub
from souk.catalog_opt_in.v1 import catalog_service_pb2 as catalog
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import storefront_service_pb2 as storefronts
from souk.catalog_opt_in.v1.catalog_service_pb2_grpc import CatalogServiceStub
from souk.catalog_opt_in.v1.listing_service_pb2_grpc import ListingServiceStub
from souk.catalog_opt_in.v1.storefront_service_pb2_grpc import StorefrontServiceStub

from services.kernel.call.errors import NotFound
from tests.catalog_opt_in.builders import product_of

SERVICE = "catalog-opt-in"
SELLING = {"listing:read", "listing:write"}
KEEPING = {
    f"{noun}:{verb}" for noun in ("product", "collection", "category") for verb in ("read", "write")
} | {"listing:read"}


class Recording:
    """A stub that notes what is created through it."""

    def __init__(self, stub, made):
        self._stub, self._made = stub, made

    def __getattr__(self, method):
        call = getattr(self._stub, method)
        if not method.startswith("Create"):
            return call

        async def create(request):
            resource = await call(request)
            self._made.append(resource.name)
            return resource

        return create


@pytest_asyncio.fixture
async def made(scoped_stub):
    """The names of what the test creates; it is removed afterwards, the last first."""
    names: list[str] = []
    yield names
    for name in reversed(dict.fromkeys(names)):
        *_, kind, _id = name.split("/")
        with suppress(NotFound):
            await REMOVE[kind](scoped_stub, name)


async def _opt_out(scoped_stub, name):
    stub = scoped_stub(
        ListingServiceStub, SERVICE, tenant=name.split("/")[1], currency="EUR", permissions=SELLING
    )
    await stub.DeleteListing(listings.DeleteListingRequest(name=name))


def _remover(word):
    async def remove(scoped_stub, name):
        stub = scoped_stub(CatalogServiceStub, SERVICE, tenant="hq", permissions=KEEPING)
        request = getattr(catalog, f"Delete{word}Request")(name=name)
        await getattr(stub, f"Delete{word}")(request)

    return remove


REMOVE = {
    "listings": _opt_out,
    "products": _remover("Product"),
    "collections": _remover("Collection"),
    "categories": _remover("Category"),
    "productTags": _remover("Tag"),
    "productTypes": _remover("ProductType"),
}


@pytest.fixture
def catalogue(scoped_stub, made):
    """The master catalogue, as the head office's admin, or somebody at another tenant, calls it."""
    return lambda tenant="hq": Recording(
        scoped_stub(CatalogServiceStub, SERVICE, tenant=tenant, permissions=KEEPING), made
    )


@pytest.fixture
def selling(scoped_stub, made):
    """A tenant's listings, as its admin calls them; tenants are in EUR unless it is said."""
    return lambda tenant, currency="EUR": Recording(
        scoped_stub(
            ListingServiceStub, SERVICE, tenant=tenant, currency=currency, permissions=SELLING
        ),
        made,
    )


@pytest.fixture
def store(scoped_stub):
    return lambda tenant: scoped_stub(
        StorefrontServiceStub,
        SERVICE,
        tenant=tenant,
        actor="shoppers/-",
        permissions={"storefront:read"},
    )


@pytest.fixture
def tenants():
    """Two tenants that nobody else sells for: this service asks nobody whether they exist."""
    return f"paris-{uuid.uuid4().hex[:12]}", f"lyon-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def create(catalogue):
    """Creates a product, sound but for what the test says of it."""

    async def make(**fields):
        request = catalog.CreateProductRequest(product=product_of(**fields))
        return await catalogue().CreateProduct(request)

    return make


@pytest.fixture
def read(catalogue):
    return lambda product: catalogue().GetProduct(catalog.GetProductRequest(name=product.name))


@pytest.fixture
def change(catalogue):
    async def update(product, *paths):
        request = catalog.UpdateProductRequest(product=product, update_mask=FieldMask(paths=paths))
        return await catalogue().UpdateProduct(request)

    return update


@pytest.fixture
def opt_in(selling):
    async def make(tenant, product, *, currency="EUR", **fields):
        request = listings.CreateListingRequest(
            parent=f"tenants/{tenant}", listing=listings.Listing(product=product.name, **fields)
        )
        return await selling(tenant, currency).CreateListing(request)

    return make


@pytest.fixture
def storefront_page(store):
    """Reads a page of a storefront: the documents, and the answer."""

    async def read(tenant, **filters):
        request = storefronts.ListStoreProductsRequest(parent=f"tenants/{tenant}", **filters)
        answer = await store(tenant).ListStoreProducts(request)
        return [json.loads(document) for document in answer.documents], answer

    return read


@pytest.fixture
def look_up(store):
    """Reads one product of a storefront, by id or handle."""

    async def read(tenant, key):
        name = f"tenants/{tenant}/storeProducts/{key}"
        answer = await store(tenant).GetStoreProduct(storefronts.GetStoreProductRequest(name=name))
        return json.loads(answer.document)

    return read


@pytest.fixture
def events(scoped_stub):
    """Reads a tenant's events, once there are as many as the test waits for; oldest first."""

    async def read(tenant, *, at_least, resource=""):
        stub = scoped_stub(AuditServiceStub, "audit", tenant=tenant, permissions={"event:read"})
        async with asyncio.timeout(20):
            while True:
                answer = await stub.ListEvents(
                    audit.ListEventsRequest(parent=f"tenants/{tenant}", resource=resource)
                )
                if len(answer.events) >= at_least:
                    return list(answer.events)[::-1]
                await asyncio.sleep(0.1)

    return read
