"""The tenant of a request, and the caller's permissions there."""

from typing import Annotated

from fastapi import Request, Response
from pydantic import BaseModel, Field
from souk.tenant_registry.v1.access_service_pb2 import Access

from gateway.documents.scalars import LowerCode
from gateway.documents.user import UserDocument
from gateway.identity.access_facts import Facts
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.resource import Resource
from gateway.medusa.router import Router
from gateway.medusa.shapes import Document, From, NotInMessage
from gateway.request_state import state_of
from gateway.tenancy import KnownTenant, TenancyOf, resolution_of


class KnownTenantDocument(Document[KnownTenant]):
    """A tenant as the gateway knows it."""

    id: str
    display_name: str
    country_code: LowerCode
    currency_code: LowerCode
    default_locale: str
    supported_locales: list[str]
    time_zone: str
    capabilities: list[str]
    state: str
    hosts: list[str] = Field(description="The tenant's normalised hosts, primary first.")


class ContextDocument(Document[Access]):
    """The tenant of this request, how it was determined, and the caller's permissions there."""

    tenant: Annotated[KnownTenantDocument, NotInMessage()]
    source: Annotated[str, NotInMessage()] = Field(
        description="host, prefix, header, publishable_key or fallback.", examples=["host"]
    )
    user: Annotated[UserDocument | None, From("admin")] = Field(description="null for an API key.")
    permissions: Annotated[list[str], NotInMessage()] = Field(
        examples=[["listing:read", "listing:write"]]
    )
    roles: list[str] = Field(examples=[["TenantAdmin"]])


class ContextAnswer(BaseModel):
    tenant_context: ContextDocument


CONTEXT = Resource("tenant_context", "", ContextDocument)

router = Router(prefix="/admin", tags=["Tenants"], responses=responses.ADMIN_ERRORS)


@router.get(
    "/tenant-context",
    summary="Get the tenant context",
    responses=responses.documented(ContextAnswer, "The tenant context."),
    openapi_extra=CONTEXT.documented_one,
)
async def get_tenant_context(request: Request, scope: CurrentScope, tenancy: TenancyOf) -> Response:
    """Returns the tenant of this request, how it was determined, and the caller's permissions."""
    query = CONTEXT.one_query(request)
    tenant = await tenancy.tenant(scope.tenant or "")
    facts = state_of(request).get(Facts)
    return CONTEXT.one(
        query,
        (facts.answer if facts else None) or Access(),
        tenant=KnownTenantDocument.to_json(tenant),
        source=resolution_of(request).source.value,
        permissions=sorted(scope.permissions),
    )
