"""Medusa's regions: where the request's tenant sells."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.region_service_pb2 import (
    CreateRegionRequest,
    DeleteRegionRequest,
    GetRegionRequest,
    ListRegionsRequest,
    UpdateRegionRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.region import RegionCreate, RegionDocument, RegionUpdate
from gateway.documents.scalars import upper_code
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, One, Text
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

REGIONS = Resource(
    "region",
    "regions",
    RegionDocument,
    Query(
        filters={
            "q": Text(most_characters(ListRegionsRequest, "query")),
            "id": Many(most_entries(ListRegionsRequest, "regions"), of=Id()),
            "name": One(most_characters(ListRegionsRequest, "display_name")),
            "currency_code": One(3),
        },
        order=("created_at", "updated_at", "id", "name"),
    ),
)
RegionQuery = Annotated[ParsedQuery, Depends(REGIONS.query_of_answer)]

router = Router(
    prefix="/admin/regions",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class RegionAnswer(BaseModel):
    region: RegionDocument


class RegionsAnswer(Envelope):
    regions: list[RegionDocument]


@router.get(
    "",
    summary="List regions",
    responses=responses.documented(RegionsAnswer, "A page of regions."),
    openapi_extra=REGIONS.documented_list,
)
async def list_regions(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the regions of the request's tenant, oldest first."""
    query = REGIONS.list_query(request)
    found = await clients.regions.ListRegions(
        ListRegionsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            regions=[_name(scope, id_) for id_ in query.many("id")],
            display_name=query.one("name"),
            currency_code=upper_code(query.one("currency_code")),
        )
    )
    return REGIONS.page(query, found.regions, count=found.total_size)


@router.post(
    "",
    summary="Create a region",
    responses=responses.documented(RegionAnswer, "The region."),
    openapi_extra=REGIONS.documented_one,
)
async def create_region(
    scope: CurrentScope,
    query: RegionQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: RegionCreate,
) -> Response:
    """Creates a region; the first replaces the one that the tenant has by its settings."""
    region = await clients.regions.CreateRegion(
        CreateRegionRequest(
            parent=f"tenants/{scope.tenant}", region=body.to_message(), request_id=key
        )
    )
    return REGIONS.one(query, region)


@router.get(
    "/{region_id}",
    summary="Get a region",
    responses=responses.documented(RegionAnswer, "The region."),
    openapi_extra=REGIONS.documented_one,
)
async def get_region(
    region_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one region of the request's tenant."""
    query = REGIONS.one_query(request)
    region = await clients.regions.GetRegion(GetRegionRequest(name=_name(scope, region_id)))
    return REGIONS.one(query, region)


@router.post(
    "/{region_id}",
    summary="Update a region",
    responses=responses.documented(RegionAnswer, "The updated region."),
    openapi_extra=REGIONS.documented_one,
)
async def update_region(
    region_id: str,
    scope: CurrentScope,
    query: RegionQuery,
    clients: ClientsOf,
    etag: IfMatch,
    body: RegionUpdate,
) -> Response:
    """Updates the fields in the body; lists are replaced."""
    change = body.to_message(name=_name(scope, region_id), etag=etag)
    region = await clients.regions.UpdateRegion(
        UpdateRegionRequest(region=change, update_mask=body.to_mask())
    )
    return REGIONS.one(query, region)


@router.delete(
    "/{region_id}",
    summary="Delete a region",
    responses=responses.documented(responses.Deleted, "The region is deleted."),
)
async def delete_region(
    region_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Deletes a region; carts in it must move to another."""
    await clients.regions.DeleteRegion(DeleteRegionRequest(name=_name(scope, region_id), etag=etag))
    return responses.deleted("region", region_id)


def _name(scope: Scope, region_id: str) -> str:
    return f"tenants/{scope.tenant}/regions/{region_id}"
