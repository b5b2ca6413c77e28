"""Roles: the built-in ones, and those that a tenant creates within its ceiling."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.role_service_pb2 import (
    CreateRoleRequest,
    DeleteRoleRequest,
    GetRoleRequest,
    ListRolesRequest,
    UpdateRoleRequest,
)

from gateway.clients import Clients, ClientsOf
from gateway.documents.role import EffectDocument, RoleCreate, RoleDocument, RoleUpdate
from gateway.identity.scopes import PlatformScope, TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router

ROLES = Resource("role", "roles", RoleDocument, Query(limit=None))
RoleQuery = Annotated[ParsedQuery, Depends(ROLES.query_of_answer)]

router = Router(
    prefix="/admin",
    tags=["Users"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class RoleAnswer(BaseModel):
    role: RoleDocument


class RolesAnswer(Envelope):
    roles: list[RoleDocument]


@router.get(
    "/roles",
    summary="List built-in roles",
    responses=responses.documented(RolesAnswer, "All roles with their policies."),
    openapi_extra=ROLES.documented_list,
)
async def list_roles(request: Request, _: PlatformScope, clients: ClientsOf) -> Response:
    """Lists the built-in roles."""
    return await _list(request, clients, "")


@router.get(
    "/tenants/{tenant_id}/roles",
    summary="List a tenant's roles",
    responses=responses.documented(RolesAnswer, "All roles with their policies."),
    openapi_extra=ROLES.documented_list,
)
async def list_tenant_roles(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Lists the built-in roles, then the tenant's own."""
    return await _list(request, clients, f"tenants/{scope.tenant}")


@router.post(
    "/tenants/{tenant_id}/roles",
    summary="Create a role",
    responses=responses.documented(RoleAnswer, "The role."),
    openapi_extra=ROLES.documented_one,
)
async def create_tenant_role(
    scope: TenantScope, query: RoleQuery, clients: ClientsOf, key: IdempotencyKey, body: RoleCreate
) -> Response:
    """Creates a role for the tenant, with at most the permissions of a TenantAdmin."""
    role = await clients.roles.CreateRole(
        CreateRoleRequest(parent=f"tenants/{scope.tenant}", role=body.to_message(), request_id=key)
    )
    return ROLES.one(query, role)


@router.get(
    "/tenants/{tenant_id}/roles/{role_id}",
    summary="Get a role",
    responses=responses.documented(RoleAnswer, "The role."),
    openapi_extra=ROLES.documented_one,
)
async def get_tenant_role(
    request: Request, scope: TenantScope, clients: ClientsOf, role_id: str
) -> Response:
    """Returns one role, built-in or the tenant's own."""
    query = ROLES.one_query(request)
    role = await clients.roles.GetRole(
        GetRoleRequest(name=f"tenants/{scope.tenant}/roles/{role_id}")
    )
    return ROLES.one(query, role)


@router.patch(
    "/tenants/{tenant_id}/roles/{role_id}",
    summary="Update a role",
    responses=responses.documented(RoleAnswer, "The updated role."),
    openapi_extra=ROLES.documented_one,
)
async def update_tenant_role(
    scope: TenantScope,
    query: RoleQuery,
    clients: ClientsOf,
    etag: IfMatch,
    role_id: str,
    body: RoleUpdate,
) -> Response:
    """Updates one of the tenant's own roles, for everyone who holds it."""
    name = f"tenants/{scope.tenant}/roles/{role_id}"
    role = await clients.roles.UpdateRole(
        UpdateRoleRequest(
            role=body.to_message(name=name, etag=etag),
            update_mask=body.to_mask(),
            validate_only=body.validate_only,
        )
    )
    return ROLES.one(query, role, effects=EffectDocument.to_list(role.effects))


@router.delete(
    "/tenants/{tenant_id}/roles/{role_id}",
    summary="Delete a role",
    responses=responses.documented(responses.DeletedOfTenant, "The role is deleted."),
)
async def delete_tenant_role(
    scope: TenantScope, clients: ClientsOf, etag: IfMatch, tenant_id: str, role_id: str
) -> Response:
    """Deletes one of the tenant's own roles, if it was never assigned."""
    await clients.roles.DeleteRole(
        DeleteRoleRequest(name=f"tenants/{scope.tenant}/roles/{role_id}", etag=etag)
    )
    return responses.deleted("role", role_id, parent={"id": tenant_id, "object": "tenant"})


async def _list(request: Request, clients: Clients, parent: str) -> Response:
    query = ROLES.list_query(request)
    found = await clients.roles.ListRoles(ListRolesRequest(parent=parent))
    return ROLES.page(query, found.roles, count=len(found.roles))
