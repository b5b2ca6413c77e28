import json
import uuid

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import catalog_service_pb2 as catalog
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import storefront_service_pb2 as storefronts
from souk.catalog_opt_in.v1.catalog_service_pb2_grpc import CatalogServiceStub
from souk.catalog_opt_in.v1.listing_service_pb2_grpc import ListingServiceStub
from souk.catalog_opt_in.v1.storefront_service_pb2_grpc import StorefrontServiceStub

from tests.catalog_opt_in.made import product_of

SERVICE = "catalog-opt-in"
KEEPING = {
    f"{noun}:{verb}" for noun in ("product", "collection", "category") for verb in ("read", "write")
}


@pytest.fixture
def catalogue(scoped_stub):
    """The master catalogue, as the head office's admin, or somebody at another tenant, calls it."""
    return lambda tenant="hq": scoped_stub(
        CatalogServiceStub, SERVICE, tenant=tenant, permissions=KEEPING
    )


@pytest.fixture
def selling(scoped_stub):
    """A tenant's listings, as its admin calls them; tenants are in EUR unless it is said."""
    return lambda tenant, currency="EUR": scoped_stub(
        ListingServiceStub,
        SERVICE,
        tenant=tenant,
        currency=currency,
        permissions={"listing:read", "listing:write"},
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
def shown(store):
    """Reads a page of a storefront: the documents, and the answer."""

    async def read(tenant, **asked):
        request = storefronts.ListStoreProductsRequest(parent=f"tenants/{tenant}", **asked)
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
