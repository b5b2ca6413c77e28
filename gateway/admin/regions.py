"""Medusa's regions, to read: each tenant is one, made from its settings."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.tenant_registry_service_pb2 import GetTenantRequest

from gateway.clients import ClientsOf
from gateway.documents.region import RegionDocument
from gateway.identity.scopes import CurrentScope, TenantScope
from gateway.medusa import responses
from gateway.medusa.filters import Id, Many, One, Text
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import MOST_ROWS

REGIONS = Resource(
    "region",
    "regions",
    RegionDocument,
    Query(
        filters={
            "q": Text(100),
            "id": Many(MOST_ROWS, of=Id()),
            "name": One(),
            "currency_code": One(3),
        },
        order=("id", "name", "created_at", "updated_at"),
    ),
)

router = Router(prefix="/admin/regions", tags=["Tenants"], responses=responses.ADMIN_ERRORS)


class RegionAnswer(BaseModel):
    region: RegionDocument


class RegionsAnswer(Envelope):
    regions: list[RegionDocument]


@router.get(
    "",
    summary="List regions",
    responses=responses.documented(RegionsAnswer, "The tenant's region."),
    openapi_extra=REGIONS.documented_list,
)
async def list_regions(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the regions of the request's tenant; there is exactly one."""
    query = REGIONS.list_query(request)
    tenant = await clients.tenants.GetTenant(GetTenantRequest(name=f"tenants/{scope.tenant}"))
    return REGIONS.page_of_one(query, tenant)


@router.get(
    "/reg_{tenant_id}",
    summary="Get a region",
    responses=responses.documented(RegionAnswer, "The region."),
    openapi_extra=REGIONS.documented_one,
)
async def get_region(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Returns a tenant's region."""
    query = REGIONS.one_query(request)
    tenant = await clients.tenants.GetTenant(GetTenantRequest(name=f"tenants/{scope.tenant}"))
    return REGIONS.one(query, tenant)
