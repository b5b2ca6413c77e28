"""Medusa's fulfillment sets and their service zones: where the request's tenant ships to."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.fulfillment_set_service_pb2 import (
    CreateFulfillmentSetRequest,
    CreateServiceZoneRequest,
    DeleteFulfillmentSetRequest,
    DeleteServiceZoneRequest,
    FulfillmentSet,
    GetFulfillmentSetRequest,
    GetServiceZoneRequest,
    ListFulfillmentSetsRequest,
    UpdateServiceZoneRequest,
)

from gateway.clients import Clients, ClientsOf
from gateway.documents.shipping_zones import (
    FulfillmentSetCreate,
    FulfillmentSetDocument,
    ServiceZoneCreate,
    ServiceZoneDocument,
    ServiceZoneUpdate,
)
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, One
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

SETS = Resource(
    "fulfillment_set",
    "fulfillment_sets",
    FulfillmentSetDocument,
    Query(
        filters={
            "id": Many(most_entries(ListFulfillmentSetsRequest, "fulfillment_sets"), of=Id()),
            "name": One(most_characters(ListFulfillmentSetsRequest, "display_name")),
            "type": One(most_characters(ListFulfillmentSetsRequest, "type")),
        },
        order=("created_at", "updated_at", "id", "name"),
    ),
)
ZONES = Resource("service_zone", "service_zones", ServiceZoneDocument)
SetQuery = Annotated[ParsedQuery, Depends(SETS.query_of_answer)]

router = Router(
    prefix="/admin/fulfillment-sets",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class SetAnswer(BaseModel):
    fulfillment_set: FulfillmentSetDocument


class SetsAnswer(Envelope):
    fulfillment_sets: list[FulfillmentSetDocument]


class ZoneAnswer(BaseModel):
    service_zone: ServiceZoneDocument


class ZoneDeleted(responses.Deleted):
    """The confirmation that a zone is gone, with the set that is left."""

    parent: FulfillmentSetDocument


_SET = responses.documented(SetAnswer, "The fulfillment set.")


@router.get(
    "",
    summary="List fulfillment sets",
    responses=responses.documented(SetsAnswer, "A page of fulfillment sets."),
    openapi_extra=SETS.documented_list,
)
async def list_fulfillment_sets(
    request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Lists the fulfillment sets of the request's tenant with their zones, oldest first."""
    query = SETS.list_query(request)
    found = await clients.fulfillment_sets.ListFulfillmentSets(
        ListFulfillmentSetsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            fulfillment_sets=[_name(scope, id_) for id_ in query.many("id")],
            display_name=query.one("name"),
            type=query.one("type"),
        )
    )
    return SETS.page(query, found.fulfillment_sets, count=found.total_size)


@router.post(
    "", summary="Create a fulfillment set", responses=_SET, openapi_extra=SETS.documented_one
)
async def create_fulfillment_set(
    scope: CurrentScope,
    query: SetQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: FulfillmentSetCreate,
) -> Response:
    """Creates a fulfillment set without zones."""
    made = await clients.fulfillment_sets.CreateFulfillmentSet(
        CreateFulfillmentSetRequest(
            parent=f"tenants/{scope.tenant}", fulfillment_set=body.to_message(), request_id=key
        )
    )
    return SETS.one(query, made)


@router.get(
    "/{set_id}",
    summary="Get a fulfillment set",
    responses=_SET,
    openapi_extra=SETS.documented_one,
)
async def get_fulfillment_set(
    set_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one fulfillment set of the request's tenant."""
    query = SETS.one_query(request)
    return SETS.one(query, await _set(clients, scope, set_id))


@router.delete(
    "/{set_id}",
    summary="Delete a fulfillment set",
    responses=responses.documented(responses.Deleted, "The fulfillment set is deleted."),
)
async def delete_fulfillment_set(
    set_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Deletes a fulfillment set with its zones, if no shipping option serves them."""
    await clients.fulfillment_sets.DeleteFulfillmentSet(
        DeleteFulfillmentSetRequest(name=_name(scope, set_id), etag=etag)
    )
    return responses.deleted("fulfillment_set", set_id)


@router.post(
    "/{set_id}/service-zones",
    summary="Create a service zone",
    responses=_SET,
    openapi_extra=SETS.documented_one,
)
async def create_service_zone(
    set_id: str,
    scope: CurrentScope,
    query: SetQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: ServiceZoneCreate,
) -> Response:
    """Adds a zone; the answer is the set that it is in."""
    await clients.fulfillment_sets.CreateServiceZone(
        CreateServiceZoneRequest(
            parent=_name(scope, set_id), service_zone=body.to_message(), request_id=key
        )
    )
    return SETS.one(query, await _set(clients, scope, set_id))


@router.get(
    "/{set_id}/service-zones/{zone_id}",
    summary="Get a service zone",
    responses=responses.documented(ZoneAnswer, "The service zone."),
    openapi_extra=ZONES.documented_one,
)
async def get_service_zone(
    set_id: str, zone_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one zone of a fulfillment set."""
    query = ZONES.one_query(request)
    zone = await clients.fulfillment_sets.GetServiceZone(
        GetServiceZoneRequest(name=_zone_name(scope, set_id, zone_id))
    )
    return ZONES.one(query, zone)


@router.post(
    "/{set_id}/service-zones/{zone_id}",
    summary="Update a service zone",
    responses=_SET,
    openapi_extra=SETS.documented_one,
)
async def update_service_zone(
    set_id: str,
    zone_id: str,
    scope: CurrentScope,
    query: SetQuery,
    clients: ClientsOf,
    body: ServiceZoneUpdate,
) -> Response:
    """Updates the fields in the body; areas are replaced. The answer is the zone's set."""
    change = body.to_message(name=_zone_name(scope, set_id, zone_id))
    await clients.fulfillment_sets.UpdateServiceZone(
        UpdateServiceZoneRequest(service_zone=change, update_mask=body.to_mask())
    )
    return SETS.one(query, await _set(clients, scope, set_id))


@router.delete(
    "/{set_id}/service-zones/{zone_id}",
    summary="Delete a service zone",
    responses=responses.documented(ZoneDeleted, "The service zone is deleted."),
)
async def delete_service_zone(
    set_id: str, zone_id: str, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Deletes a zone that no shipping option serves; `parent` is the set that is left."""
    await clients.fulfillment_sets.DeleteServiceZone(
        DeleteServiceZoneRequest(name=_zone_name(scope, set_id, zone_id))
    )
    parent = FulfillmentSetDocument.to_json(await _set(clients, scope, set_id))
    return responses.deleted("service_zone", zone_id, parent=parent)


async def _set(clients: Clients, scope: Scope, set_id: str) -> FulfillmentSet:
    return await clients.fulfillment_sets.GetFulfillmentSet(
        GetFulfillmentSetRequest(name=_name(scope, set_id))
    )


def _name(scope: Scope, set_id: str) -> str:
    return f"tenants/{scope.tenant}/fulfillmentSets/{set_id}"


def _zone_name(scope: Scope, set_id: str, zone_id: str) -> str:
    return f"{_name(scope, set_id)}/serviceZones/{zone_id}"
