"""Tenants: the shops that sell from the shared catalogue."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.tenant_pb2 import Tenant
from souk.tenant_registry.v1.tenant_registry_service_pb2 import (
    ActivateTenantRequest,
    CreateTenantRequest,
    DeleteTenantRequest,
    GetTenantRequest,
    ListTenantsRequest,
    SuspendTenantRequest,
    UndeleteTenantRequest,
    UpdateTenantRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.tenant import PlanChange, TenantCreate, TenantDocument, TenantUpdate
from gateway.identity.scopes import PlatformScope, TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Flag
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.medusa.values import last_id
from gateway.tenancy import Tenancy, TenancyOf

TENANTS = Resource("tenant", "tenants", TenantDocument, Query(filters={"with_deleted": Flag()}))
TenantQuery = Annotated[ParsedQuery, Depends(TENANTS.query_of_answer)]

router = Router(
    prefix="/admin/tenants",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class TenantAnswer(BaseModel):
    tenant: TenantDocument


class TenantsAnswer(Envelope):
    tenants: list[TenantDocument]


@router.get(
    "",
    summary="List tenants",
    responses=responses.documented(TenantsAnswer, "A page of tenants, by id."),
    openapi_extra=TENANTS.documented_list,
)
async def list_tenants(request: Request, _: PlatformScope, clients: ClientsOf) -> Response:
    """Lists tenants by id; `with_deleted` includes archived ones."""
    query = TENANTS.list_query(request)
    found = await clients.tenants.ListTenants(
        ListTenantsRequest(
            page_size=query.limit, skip=query.offset, show_deleted=bool(query.flag("with_deleted"))
        )
    )
    return TENANTS.page(query, found.tenants, count=found.total_size)


@router.post(
    "",
    summary="Create a tenant",
    responses=responses.documented(TenantAnswer, "The tenant, in the state provisioning."),
    openapi_extra=TENANTS.documented_one,
)
async def create_tenant(
    _: PlatformScope,
    query: TenantQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key: IdempotencyKey,
    body: TenantCreate,
) -> Response:
    """Creates a tenant under an id that was never used before. Activate it to open its shop."""
    tenant = await clients.tenants.CreateTenant(
        CreateTenantRequest(tenant_id=body.id, tenant=body.to_message(), request_id=key)
    )
    return await _publish_change(tenancy, query, tenant)


@router.get(
    "/{tenant_id}",
    summary="Get a tenant",
    responses=responses.documented(TenantAnswer, "The tenant."),
    openapi_extra=TENANTS.documented_one,
)
async def get_tenant(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Returns one tenant, including an archived one."""
    query = TENANTS.one_query(request)
    tenant = await clients.tenants.GetTenant(GetTenantRequest(name=f"tenants/{scope.tenant}"))
    return TENANTS.one(query, tenant)


@router.patch(
    "/{tenant_id}",
    summary="Update a tenant",
    responses=responses.documented(TenantAnswer, "The updated tenant."),
    openapi_extra=TENANTS.documented_one,
)
async def update_tenant(
    scope: TenantScope,
    query: TenantQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    etag: IfMatch,
    body: TenantUpdate,
) -> Response:
    """Updates the fields in the body; the currency cannot be changed."""
    change = body.to_message(name=f"tenants/{scope.tenant}", etag=etag)
    tenant = await clients.tenants.UpdateTenant(
        UpdateTenantRequest(tenant=change, update_mask=body.to_mask())
    )
    return await _publish_change(tenancy, query, tenant)


@router.delete(
    "/{tenant_id}",
    summary="Archive a tenant",
    responses=responses.documented(responses.Deleted, "The tenant is archived."),
)
async def delete_tenant(
    scope: TenantScope, clients: ClientsOf, tenancy: TenancyOf, key: IdempotencyKey, etag: IfMatch
) -> Response:
    """Archives a tenant: its shop closes and it is no longer listed, but no data is lost."""
    tenant = await clients.tenants.DeleteTenant(
        DeleteTenantRequest(name=f"tenants/{scope.tenant}", request_id=key, etag=etag)
    )
    await tenancy.publish_change(last_id(tenant.name))
    return responses.deleted("tenant", last_id(tenant.name))


@router.post(
    "/{tenant_id}/undelete",
    summary="Restore an archived tenant",
    responses=responses.documented(TenantAnswer, "The suspended tenant."),
    openapi_extra=TENANTS.documented_one,
)
async def undelete_tenant(
    scope: TenantScope,
    query: TenantQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key: IdempotencyKey,
    etag: IfMatch,
) -> Response:
    """Restores an archived tenant in the state suspended."""
    tenant = await clients.tenants.UndeleteTenant(
        UndeleteTenantRequest(name=f"tenants/{scope.tenant}", request_id=key, etag=etag)
    )
    return await _publish_change(tenancy, query, tenant)


@router.post(
    "/{tenant_id}/suspend",
    summary="Suspend a tenant",
    responses=responses.documented(TenantAnswer, "The suspended tenant."),
    openapi_extra=TENANTS.documented_one,
)
async def suspend_tenant(
    scope: TenantScope,
    query: TenantQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key: IdempotencyKey,
    etag: IfMatch,
) -> Response:
    """Suspends a tenant; its storefront responds like an unknown host."""
    tenant = await clients.tenants.SuspendTenant(
        SuspendTenantRequest(name=f"tenants/{scope.tenant}", request_id=key, etag=etag)
    )
    return await _publish_change(tenancy, query, tenant)


@router.post(
    "/{tenant_id}/activate",
    summary="Activate a tenant",
    responses=responses.documented(TenantAnswer, "The active tenant."),
    openapi_extra=TENANTS.documented_one,
)
async def activate_tenant(
    scope: TenantScope,
    query: TenantQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key: IdempotencyKey,
    etag: IfMatch,
) -> Response:
    """Activates a provisioning or suspended tenant."""
    tenant = await clients.tenants.ActivateTenant(
        ActivateTenantRequest(name=f"tenants/{scope.tenant}", request_id=key, etag=etag)
    )
    return await _publish_change(tenancy, query, tenant)


@router.post(
    "/{tenant_id}/plan",
    summary="Change a tenant's plan",
    responses=responses.documented(TenantAnswer, "The tenant on the new plan."),
    openapi_extra=TENANTS.documented_one,
)
async def change_tenant_plan(
    scope: TenantScope,
    query: TenantQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key: IdempotencyKey,
    etag: IfMatch,
    body: PlanChange,
) -> Response:
    """Changes a tenant's plan and so its rate limits; only platform admins may do so."""
    tenant = await clients.tenants.ChangeTenantPlan(
        body.to_message(name=f"tenants/{scope.tenant}", request_id=key, etag=etag)
    )
    return await _publish_change(tenancy, query, tenant)


async def _publish_change(tenancy: Tenancy, query: ParsedQuery, tenant: Tenant) -> Response:
    """Propagates a change to every gateway, and sends the changed tenant."""
    await tenancy.publish_change(last_id(tenant.name))
    return TENANTS.one(query, tenant)
