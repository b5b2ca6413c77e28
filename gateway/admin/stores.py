"""Medusa's store: the configuration of the request's tenant."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.tenant_registry_service_pb2 import (
    GetTenantRequest,
    UpdateTenantRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.store import StoreDocument, StoreUpdate
from gateway.identity.scopes import CurrentScope, TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, One, Text
from gateway.medusa.headers import IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.tenancy import TenancyOf
from services.kernel.call.limits import MOST_ROWS

STORES = Resource(
    "store",
    "stores",
    StoreDocument,
    Query(
        filters={"q": Text(100), "id": Many(MOST_ROWS, of=Id()), "name": One()},
        order=("id", "name", "created_at", "updated_at"),
    ),
)
StoreQuery = Annotated[ParsedQuery, Depends(STORES.query_of_answer)]

router = Router(
    prefix="/admin/stores",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class StoreAnswer(BaseModel):
    store: StoreDocument


class StoresAnswer(Envelope):
    stores: list[StoreDocument]


@router.get(
    "",
    summary="List stores",
    responses=responses.documented(StoresAnswer, "The tenant's store."),
    openapi_extra=STORES.documented_list,
)
async def list_stores(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the stores of the request's tenant; there is exactly one."""
    query = STORES.list_query(request)
    tenant = await clients.tenants.GetTenant(GetTenantRequest(name=f"tenants/{scope.tenant}"))
    return STORES.page_of_one(query, tenant)


@router.get(
    "/store_{tenant_id}",
    summary="Get a store",
    responses=responses.documented(StoreAnswer, "The store."),
    openapi_extra=STORES.documented_one,
)
async def get_store(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Returns a tenant's configuration as a store."""
    query = STORES.one_query(request)
    tenant = await clients.tenants.GetTenant(GetTenantRequest(name=f"tenants/{scope.tenant}"))
    return STORES.one(query, tenant)


@router.post(
    "/store_{tenant_id}",
    summary="Update a store",
    responses=responses.documented(StoreAnswer, "The updated store."),
    openapi_extra=STORES.documented_one,
)
async def update_store(
    scope: TenantScope,
    query: StoreQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    etag: IfMatch,
    body: StoreUpdate,
) -> Response:
    """Updates the name, the locales and the metadata, which are the tenant's settings."""
    known = await tenancy.tenant(scope.tenant or "")
    body.check_fixed(known.id, currency=known.currency_code, locale=known.default_locale)
    change = body.to_message(name=f"tenants/{scope.tenant}", etag=etag)
    tenant = await clients.tenants.UpdateTenant(
        UpdateTenantRequest(tenant=change, update_mask=body.to_mask())
    )
    await tenancy.publish_change(scope.tenant or "")
    return STORES.one(query, tenant)
