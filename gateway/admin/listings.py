"""What a tenant has opted in to."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.listing_service_pb2 import (
    CreateListingRequest,
    DeleteListingRequest,
    GetListingRequest,
    ListListingsRequest,
    UpdateListingRequest,
)

from gateway import answers
from gateway.admin.paging import Envelope, Ordered
from gateway.admin.shapes.listing import (
    ListingCreate,
    ListingDocument,
    ListingUpdate,
    State,
    listing_json,
    listing_message,
    state_value,
)
from gateway.admin.shapes.scalars import mask_of
from gateway.auth import TenantScope
from gateway.bodies import ExactRoute
from gateway.headers import IdempotencyKey, IfMatch
from gateway.runtime import ClientsOf

router = APIRouter(
    prefix="/admin/tenants/{tenant_id}/products",
    tags=["Listings"],
    responses=answers.ADMIN_ERRORS,
    route_class=ExactRoute,
)


class ListingAnswer(BaseModel):
    product: ListingDocument


class ListingsAnswer(Envelope):
    products: list[ListingDocument]


class ListingsQuery(Ordered):
    state: State | None = None


@router.get("", responses=answers.documented(ListingsAnswer, "A page of opt-ins."))
async def list_opt_ins(
    scope: TenantScope, clients: ClientsOf, query: Annotated[ListingsQuery, Query()]
) -> Response:
    """Lists opt-ins, hidden ones too; by created_at, updated_at, title or handle."""
    found = await clients.listings.ListListings(
        ListListingsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            state=state_value(query.state),
        )
    )
    documents = [listing_json(listing) for listing in found.listings]
    return query.page_of("products", documents, count=found.total_size)


@router.post("", responses=answers.documented(ListingAnswer, "The opt-in."))
async def opt_in(
    scope: TenantScope, clients: ClientsOf, key: IdempotencyKey, body: ListingCreate
) -> Response:
    """Opts a tenant in to one published product of the master catalogue."""
    listing = await clients.listings.CreateListing(
        CreateListingRequest(
            parent=f"tenants/{scope.tenant}",
            listing=listing_message(
                body, currency=scope.currency or "", product_id=body.product_id
            ),
            request_id=key,
        )
    )
    return answers.one("product", listing_json(listing), etag=listing.etag)


@router.get("/{product_id}", responses=answers.documented(ListingAnswer, "The opt-in."))
async def get_opt_in(scope: TenantScope, clients: ClientsOf, product_id: str) -> Response:
    """Reads one opt-in, and why the storefront does not show it when it does not."""
    listing = await clients.listings.GetListing(
        GetListingRequest(name=f"tenants/{scope.tenant}/listings/{product_id}")
    )
    return answers.one("product", listing_json(listing), etag=listing.etag)


@router.patch("/{product_id}", responses=answers.documented(ListingAnswer, "It, changed."))
async def update_opt_in(
    scope: TenantScope, clients: ClientsOf, product_id: str, etag: IfMatch, body: ListingUpdate
) -> Response:
    """Changes the keys that the body holds."""
    name = f"tenants/{scope.tenant}/listings/{product_id}"
    change = listing_message(body, currency=scope.currency or "", name=name, etag=etag)
    listing = await clients.listings.UpdateListing(
        UpdateListingRequest(listing=change, update_mask=mask_of(body))
    )
    return answers.one("product", listing_json(listing), etag=listing.etag)


@router.delete("/{product_id}", responses=answers.documented(answers.Deleted, "It is out."))
async def opt_out(
    scope: TenantScope, clients: ClientsOf, product_id: str, etag: IfMatch
) -> Response:
    """Opts a tenant out of a product."""
    await clients.listings.DeleteListing(
        DeleteListingRequest(name=f"tenants/{scope.tenant}/listings/{product_id}", etag=etag)
    )
    parent = {"id": scope.tenant, "object": "tenant"}
    return answers.deleted("tenant_product", product_id, parent=parent)
