"""The products that a tenant has opted in to."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.listing_service_pb2 import (
    CreateListingRequest,
    DeleteListingRequest,
    GetListingRequest,
    Listing,
    ListListingsRequest,
    UpdateListingRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.listing import (
    STATES,
    ListingBatch,
    ListingCreate,
    ListingDocument,
    ListingUpdate,
)
from gateway.identity.scopes import TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Choice
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.medusa.values import enum_value, last_id
from gateway.request_state import BATCH_SECONDS

OPT_INS = Resource(
    "product",
    "products",
    ListingDocument,
    Query(
        filters={"state": Choice(STATES)},
        order=("created_at", "updated_at", "title", "handle"),
    ),
)
OptInQuery = Annotated[ParsedQuery, Depends(OPT_INS.query_of_answer)]

router = Router(
    prefix="/admin/tenants/{tenant_id}/products",
    tags=["Listings"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class ListingAnswer(BaseModel):
    product: ListingDocument


class ListingsAnswer(Envelope):
    products: list[ListingDocument]


class ListingBatchAnswer(BaseModel):
    created: list[ListingDocument]
    updated: list[ListingDocument]
    deleted: responses.DeletedInBatch


@router.get(
    "",
    summary="List opt-ins",
    responses=responses.documented(ListingsAnswer, "A page of opt-ins."),
    openapi_extra=OPT_INS.documented_list,
)
async def list_opt_ins(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Lists opt-ins, including hidden ones; sort by created_at, updated_at, title or handle."""
    query = OPT_INS.list_query(request)
    found = await clients.listings.ListListings(
        ListListingsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            state=enum_value(Listing.State, query.one("state")),
        )
    )
    return OPT_INS.page(query, found.listings, count=found.total_size)


@router.post(
    "",
    summary="Opt in to a product",
    responses=responses.documented(ListingAnswer, "The opt-in."),
    openapi_extra=OPT_INS.documented_one,
)
async def opt_in(
    scope: TenantScope,
    query: OptInQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: ListingCreate,
) -> Response:
    """Opts a tenant in to a published product of the master catalogue."""
    body.set_currency(scope.currency or "")
    listing = await clients.listings.CreateListing(
        CreateListingRequest(
            parent=f"tenants/{scope.tenant}",
            listing=body.to_message(),
            request_id=key,
        )
    )
    return OPT_INS.one(query, listing)


@router.post(
    "/batch",
    summary="Create, update and delete opt-ins",
    responses=responses.documented(ListingBatchAnswer, "What became of each row."),
)
async def change_opt_ins(
    scope: TenantScope, clients: ClientsOf, key: IdempotencyKey, body: ListingBatch
) -> Response:
    """Opts a tenant in and out of products and updates opt-ins, in one transaction.

    If any row cannot be done, none is; the error says what is wrong with the first ten. Each row
    that changes something leaves an event of its own; x-audit-event names the first 20.
    """
    body.set_currency(scope.currency or "")
    done = await clients.listings.BatchChangeListings(
        body.to_message(parent=f"tenants/{scope.tenant}", request_id=key),
        timeout=BATCH_SECONDS,
    )
    return responses.batch(
        "tenant_product",
        created=ListingDocument.to_list(done.created),
        updated=ListingDocument.to_list(done.updated),
        deleted=[last_id(product) for product in done.deleted],
    )


@router.get(
    "/{product_id}",
    summary="Get an opt-in",
    responses=responses.documented(ListingAnswer, "The opt-in."),
    openapi_extra=OPT_INS.documented_one,
)
async def get_opt_in(
    request: Request, scope: TenantScope, clients: ClientsOf, product_id: str
) -> Response:
    """Returns one opt-in; `reasons` explains why the storefront does not show it."""
    query = OPT_INS.one_query(request)
    listing = await clients.listings.GetListing(
        GetListingRequest(name=f"tenants/{scope.tenant}/listings/{product_id}")
    )
    return OPT_INS.one(query, listing)


@router.patch(
    "/{product_id}",
    summary="Update an opt-in",
    responses=responses.documented(ListingAnswer, "The updated opt-in."),
    openapi_extra=OPT_INS.documented_one,
)
async def update_opt_in(
    scope: TenantScope,
    query: OptInQuery,
    clients: ClientsOf,
    product_id: str,
    etag: IfMatch,
    body: ListingUpdate,
) -> Response:
    """Updates the fields in the body."""
    body.set_currency(scope.currency or "")
    name = f"tenants/{scope.tenant}/listings/{product_id}"
    listing = await clients.listings.UpdateListing(
        UpdateListingRequest(
            listing=body.to_message(name=name, etag=etag), update_mask=body.to_mask()
        )
    )
    return OPT_INS.one(query, listing)


@router.delete(
    "/{product_id}",
    summary="Opt out of a product",
    responses=responses.documented(responses.DeletedOfTenant, "The tenant is opted out."),
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
