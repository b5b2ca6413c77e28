"""The products that a tenant has opted in to."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.listing_service_pb2 import (
    CreateListingRequest,
    DeleteListingRequest,
    GetListingRequest,
    ListListingsRequest,
    UpdateListingRequest,
)

from gateway.admin.asking import READS_ONE, Envelope, Resource, WritesAskNothing
from gateway.admin.shapes.listing import (
    STATES,
    ListingCreate,
    ListingDocument,
    ListingUpdate,
    listing_json,
    listing_message,
    state_value,
)
from gateway.admin.shapes.scalars import mask_of
from gateway.clients import ClientsOf
from gateway.identity.scopes import TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Choice
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import Query

OPT_INS = Resource(
    "product",
    "products",
    ListingDocument,
    Query(
        filters={"state": Choice(STATES)},
        order=("created_at", "updated_at", "title", "handle"),
    ),
)

router = APIRouter(
    prefix="/admin/tenants/{tenant_id}/products",
    tags=["Listings"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[WritesAskNothing],
    route_class=ExactRoute,
)


class ListingAnswer(BaseModel):
    product: ListingDocument


class ListingsAnswer(Envelope):
    products: list[ListingDocument]


@router.get(
    "",
    summary="List opt-ins",
    responses=responses.documented(ListingsAnswer, "A page of opt-ins."),
    openapi_extra=OPT_INS.documented_list,
)
async def list_opt_ins(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Lists opt-ins, including hidden ones; sort by created_at, updated_at, title or handle."""
    asked = OPT_INS.asked(request)
    found = await clients.listings.ListListings(
        ListListingsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=asked.limit,
            skip=asked.offset,
            order_by=asked.order,
            state=state_value(asked.one("state")),
        )
    )
    documents = [listing_json(listing) for listing in found.listings]
    return OPT_INS.page(asked, documents, count=found.total_size)


@router.post(
    "",
    summary="Opt in to a product",
    responses=responses.documented(ListingAnswer, "The opt-in."),
)
async def opt_in(
    scope: TenantScope, clients: ClientsOf, key: IdempotencyKey, body: ListingCreate
) -> Response:
    """Opts a tenant in to a published product of the master catalogue."""
    listing = await clients.listings.CreateListing(
        CreateListingRequest(
            parent=f"tenants/{scope.tenant}",
            listing=listing_message(
                body, currency=scope.currency or "", product_id=body.product_id
            ),
            request_id=key,
        )
    )
    return responses.one("product", listing_json(listing), etag=listing.etag)


@router.get(
    "/{product_id}",
    summary="Get an opt-in",
    responses=responses.documented(ListingAnswer, "The opt-in."),
    **READS_ONE,
)
async def get_opt_in(
    request: Request, scope: TenantScope, clients: ClientsOf, product_id: str
) -> Response:
    """Returns one opt-in; `reasons` explains why the storefront does not show it."""
    listing = await clients.listings.GetListing(
        GetListingRequest(name=f"tenants/{scope.tenant}/listings/{product_id}")
    )
    return OPT_INS.one(request, listing_json(listing))


@router.patch(
    "/{product_id}",
    summary="Update an opt-in",
    responses=responses.documented(ListingAnswer, "The updated opt-in."),
)
async def update_opt_in(
    scope: TenantScope, clients: ClientsOf, product_id: str, etag: IfMatch, body: ListingUpdate
) -> Response:
    """Updates the fields in the body."""
    name = f"tenants/{scope.tenant}/listings/{product_id}"
    change = listing_message(body, currency=scope.currency or "", name=name, etag=etag)
    listing = await clients.listings.UpdateListing(
        UpdateListingRequest(listing=change, update_mask=mask_of(body))
    )
    return responses.one("product", listing_json(listing), etag=listing.etag)


@router.delete(
    "/{product_id}",
    summary="Opt out of a product",
    responses=responses.documented(responses.Deleted, "The tenant is opted out."),
)
async def opt_out(
    scope: TenantScope, clients: ClientsOf, product_id: str, etag: IfMatch
) -> Response:
    """Opts a tenant out of a product."""
    await clients.listings.DeleteListing(
        DeleteListingRequest(name=f"tenants/{scope.tenant}/listings/{product_id}", etag=etag)
    )
    parent = {"id": scope.tenant, "object": "tenant"}
    return responses.deleted("tenant_product", product_id, parent=parent)
