"""Medusa's stock locations: where the request's tenant keeps its goods."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.fulfillment_set_service_pb2 import (
    CreateFulfillmentSetRequest,
)
from souk.commerce.v1.stock_location_service_pb2 import (
    CreateStockLocationRequest,
    DeleteStockLocationRequest,
    GetStockLocationRequest,
    ListStockLocationsRequest,
    StockLocation,
    UpdateStockLocationRequest,
)

from gateway.admin.location_links import check_channels, check_providers, links_of
from gateway.clients import Clients, ClientsOf
from gateway.documents.sales_channel import channel_id
from gateway.documents.shipping_zones import FulfillmentSetCreate
from gateway.documents.stock_location import (
    LinksOfLocation,
    StockLocationCreate,
    StockLocationDocument,
    StockLocationUpdate,
)
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, One, Text
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.tenancy import Tenancy, TenancyOf
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

LOCATIONS = Resource(
    "stock_location",
    "stock_locations",
    StockLocationDocument,
    Query(
        filters={
            "q": Text(most_characters(ListStockLocationsRequest, "query")),
            "id": Many(most_entries(ListStockLocationsRequest, "stock_locations"), of=Id()),
            "name": One(most_characters(ListStockLocationsRequest, "display_name")),
            "sales_channel_id": Many(most_entries(ListStockLocationsRequest, "stock_locations")),
        },
        order=("created_at", "updated_at", "id", "name"),
        limit=20,
    ),
    on_request=("sales_channels", "fulfillment_providers", "fulfillment_sets"),
)
LocationQuery = Annotated[ParsedQuery, Depends(LOCATIONS.query_of_answer)]

router = Router(
    prefix="/admin/stock-locations",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class StockLocationAnswer(BaseModel):
    stock_location: StockLocationDocument


class StockLocationsAnswer(Envelope):
    stock_locations: list[StockLocationDocument]


_LOCATION = responses.documented(StockLocationAnswer, "The stock location.")


@router.get(
    "",
    summary="List stock locations",
    responses=responses.documented(StockLocationsAnswer, "A page of stock locations."),
    openapi_extra=LOCATIONS.documented_list,
)
async def list_stock_locations(
    request: Request, scope: CurrentScope, clients: ClientsOf, tenancy: TenancyOf
) -> Response:
    """Lists where the request's tenant keeps its goods, oldest first."""
    query = LOCATIONS.list_query(request)
    channels = query.many("sales_channel_id")
    if channels and channel_id(scope.tenant or "") not in channels:
        return LOCATIONS.page(query, [], count=0)
    found = await clients.stock_locations.ListStockLocations(
        ListStockLocationsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            stock_locations=[_name(scope, id_) for id_ in query.many("id")],
            display_name=query.one("name"),
        )
    )
    links = await _links(query, scope, tenancy)
    return LOCATIONS.page(
        query, found.stock_locations, count=found.total_size, beside=lambda _: links
    )


@router.post(
    "",
    summary="Create a stock location",
    responses=_LOCATION,
    openapi_extra=LOCATIONS.documented_one,
)
async def create_stock_location(
    scope: CurrentScope,
    query: LocationQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key: IdempotencyKey,
    body: StockLocationCreate,
) -> Response:
    """Creates a location; the first replaces the one that the tenant has until then, if unused."""
    location = await clients.stock_locations.CreateStockLocation(
        CreateStockLocationRequest(
            parent=f"tenants/{scope.tenant}", stock_location=body.to_message(), request_id=key
        )
    )
    return await _answer(query, scope, tenancy, location)


@router.get(
    "/{location_id}",
    summary="Get a stock location",
    responses=_LOCATION,
    openapi_extra=LOCATIONS.documented_one,
)
async def get_stock_location(
    location_id: str,
    request: Request,
    scope: CurrentScope,
    clients: ClientsOf,
    tenancy: TenancyOf,
) -> Response:
    """Returns one location of the request's tenant."""
    query = LOCATIONS.one_query(request)
    location = await _location(clients, scope, location_id)
    return await _answer(query, scope, tenancy, location)


@router.post(
    "/{location_id}",
    summary="Update a stock location",
    responses=_LOCATION,
    openapi_extra=LOCATIONS.documented_one,
)
async def update_stock_location(
    location_id: str,
    scope: CurrentScope,
    query: LocationQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    etag: IfMatch,
    body: StockLocationUpdate,
) -> Response:
    """Updates the fields in the body."""
    change = body.to_message(name=_name(scope, location_id), etag=etag)
    location = await clients.stock_locations.UpdateStockLocation(
        UpdateStockLocationRequest(stock_location=change, update_mask=body.to_mask())
    )
    return await _answer(query, scope, tenancy, location)


@router.delete(
    "/{location_id}",
    summary="Delete a stock location",
    responses=responses.documented(responses.Deleted, "The stock location is deleted."),
)
async def delete_stock_location(
    location_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Deletes a location with its empty levels, if no fulfillment set hands over from there."""
    await clients.stock_locations.DeleteStockLocation(
        DeleteStockLocationRequest(name=_name(scope, location_id), etag=etag)
    )
    return responses.deleted("stock_location", location_id)


@router.post(
    "/{location_id}/fulfillment-sets",
    summary="Create a fulfillment set of a stock location",
    responses=_LOCATION,
    openapi_extra=LOCATIONS.documented_one,
)
async def create_fulfillment_set_of_location(
    location_id: str,
    scope: CurrentScope,
    query: LocationQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key: IdempotencyKey,
    body: FulfillmentSetCreate,
) -> Response:
    """Creates a set, without zones, that hands over from there; the answer is the location."""
    await clients.fulfillment_sets.CreateFulfillmentSet(
        CreateFulfillmentSetRequest(
            parent=f"tenants/{scope.tenant}",
            fulfillment_set=body.to_message(stock_location_id=location_id),
            request_id=key,
        )
    )
    location = await _location(clients, scope, location_id)
    return await _answer(query, scope, tenancy, location)


@router.post(
    "/{location_id}/sales-channels",
    summary="Check the sales channel of a stock location",
    responses=_LOCATION,
    openapi_extra=LOCATIONS.documented_one,
)
async def change_channels_of_location(
    location_id: str,
    scope: CurrentScope,
    query: LocationQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    body: LinksOfLocation,
) -> Response:
    """Accepts the tenant's channel, which sells from each of its locations for good."""
    location = await _location(clients, scope, location_id)
    check_channels(body, own=channel_id(scope.tenant or ""))
    return await _answer(query, scope, tenancy, location)


@router.post(
    "/{location_id}/fulfillment-providers",
    summary="Check the fulfillment provider of a stock location",
    responses=_LOCATION,
    openapi_extra=LOCATIONS.documented_one,
)
async def change_providers_of_location(
    location_id: str,
    scope: CurrentScope,
    query: LocationQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    body: LinksOfLocation,
) -> Response:
    """Accepts `manual_manual`, who ships from each location for good."""
    location = await _location(clients, scope, location_id)
    check_providers(body)
    return await _answer(query, scope, tenancy, location)


async def _answer(
    query: ParsedQuery, scope: Scope, tenancy: Tenancy, location: StockLocation
) -> Response:
    return LOCATIONS.one(query, location, **await _links(query, scope, tenancy))


async def _links(query: ParsedQuery, scope: Scope, tenancy: Tenancy) -> Mapping[str, object]:
    with_channels = LOCATIONS.asks_for(query, "sales_channels")
    return await links_of(scope, tenancy, with_channels=with_channels)


async def _location(clients: Clients, scope: Scope, location_id: str) -> StockLocation:
    return await clients.stock_locations.GetStockLocation(
        GetStockLocationRequest(name=_name(scope, location_id))
    )


def _name(scope: Scope, location_id: str) -> str:
    return f"tenants/{scope.tenant}/stockLocations/{location_id}"
