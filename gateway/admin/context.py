"""The tenant of a request, and the caller's permissions there."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.access_service_pb2 import Access

from gateway.admin.asking import READS_ONE, Resource
from gateway.admin.shapes.admin import (
    ContextDocument,
    known_tenant_json,
    user_json,
)
from gateway.identity.access_facts import Facts
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.query import Query
from gateway.request_state import state_of
from gateway.tenancy import TenancyOf, resolution_of

CONTEXT = Resource("tenant_context", "", ContextDocument, Query(limit=None))

router = APIRouter(prefix="/admin", tags=["Tenants"], responses=responses.ADMIN_ERRORS)


class ContextAnswer(BaseModel):
    tenant_context: ContextDocument


@router.get(
    "/tenant-context",
    summary="Get the tenant context",
    responses=responses.documented(ContextAnswer, "The tenant context."),
    **READS_ONE,
)
async def get_tenant_context(request: Request, scope: CurrentScope, tenancy: TenancyOf) -> Response:
    """Returns the tenant of this request, how it was determined, and the caller's permissions."""
    tenant = await tenancy.tenant(scope.tenant or "")
    facts = state_of(request).get(Facts)
    access = (facts.answer if facts else None) or Access()
    return CONTEXT.one(
        request,
        {
            "tenant": known_tenant_json(tenant),
            "source": resolution_of(request).source.value,
            "user": user_json(access.admin) if access.HasField("admin") else None,
            "permissions": sorted(scope.permissions),
            "roles": list(access.roles),
        },
    )
