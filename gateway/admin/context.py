"""Who is asking, which tenant the request is for, and what they may do there."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.access_service_pb2 import Access, ResolveAccessRequest

from gateway import answers
from gateway.access import own_scope
from gateway.admin.asking import Resource
from gateway.admin.shapes.admin import (
    ContextDocument,
    UserDocument,
    known_tenant_json,
    user_json,
)
from gateway.auth import CurrentScope
from gateway.clients import Clients
from gateway.query import Query
from gateway.runtime import ClientsOf, TenancyOf
from gateway.tenancy import resolution_of
from services.kernel.errors import NotFound
from services.kernel.scope import Scope, bound

CONTEXT = Resource("tenant_context", "", ContextDocument, Query(limit=None))
USERS = Resource("user", "users", UserDocument, Query(limit=None))

router = APIRouter(prefix="/admin", tags=["Tenants"], responses=answers.ADMIN_ERRORS)


class ContextAnswer(BaseModel):
    tenant_context: ContextDocument


class UserAnswer(BaseModel):
    user: UserDocument


@router.get(
    "/tenant-context",
    responses=answers.documented(ContextAnswer, "Who and where."),
    openapi_extra=Resource.documented_one,
)
async def get_tenant_context(
    request: Request, scope: CurrentScope, clients: ClientsOf, tenancy: TenancyOf
) -> Response:
    """Tells the tenant of this request, how it was found, and what who asks may do there."""
    resolution = resolution_of(request)
    tenant = resolution.tenant or await tenancy.fallback()
    access = await _access(clients, scope)
    return CONTEXT.one(
        request,
        {
            "tenant": known_tenant_json(tenant),
            "source": resolution.source.value,
            "user": user_json(access.admin) if access.HasField("admin") else None,
            "permissions": list(access.permissions),
            "roles": list(access.roles),
        },
    )


@router.get(
    "/users/me",
    responses=answers.documented(UserAnswer, "The admin."),
    openapi_extra=Resource.documented_one,
)
async def get_own_user(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Reads the admin whose session it is; a machine's key is nobody's."""
    access = await _access(clients, scope)
    if not access.HasField("admin"):
        raise NotFound("ADMIN_NOT_FOUND", "a key is no admin")
    return USERS.one(request, user_json(access.admin))


async def _access(clients: Clients, scope: Scope) -> Access:
    """Asks the registry in the gateway's own name: what an admin may do is not theirs to read."""
    if not scope.actor.startswith("admins/"):
        return Access(permissions=sorted(scope.permissions))
    place = f"tenants/{scope.tenant}" if scope.tenant else ""
    with bound(own_scope("access:resolve", scope.request_id)):
        return await clients.access.ResolveAccess(
            ResolveAccessRequest(admin=scope.actor, tenant=place)
        )
