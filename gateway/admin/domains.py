"""The hosts of a tenant's storefront."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.tenant_registry_service_pb2 import (
    CreateDomainRequest,
    DeleteDomainRequest,
    ListDomainsRequest,
)

from gateway.admin.asking import Envelope, Resource, WritesAskNothing
from gateway.admin.shapes.tenant import DomainCreate, DomainDocument, domain_json
from gateway.clients import ClientsOf
from gateway.identity.scopes import TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import Query
from gateway.tenancy import TenancyOf
from services.values.hosts import normalise_host

DOMAINS = Resource("domain", "domains", DomainDocument, Query(limit=None))

router = APIRouter(
    prefix="/admin/tenants/{tenant_id}/domains",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[WritesAskNothing],
    route_class=ExactRoute,
)


class DomainAnswer(BaseModel):
    domain: DomainDocument


class DomainsAnswer(Envelope):
    domains: list[DomainDocument]


@router.get(
    "",
    summary="List a tenant's domains",
    responses=responses.documented(DomainsAnswer, "All domains, primary first."),
    openapi_extra=DOMAINS.documented_list,
)
async def list_domains(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Lists all domains of a tenant on one page; there are at most 100."""
    asked = DOMAINS.asked(request)
    found = await clients.tenants.ListDomains(ListDomainsRequest(parent=f"tenants/{scope.tenant}"))
    documents = [domain_json(domain) for domain in found.domains]
    return DOMAINS.page(asked, documents, count=len(documents))


@router.post(
    "", summary="Add a domain", responses=responses.documented(DomainAnswer, "The domain.")
)
async def add_domain(
    scope: TenantScope,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key: IdempotencyKey,
    tenant_id: str,
    body: DomainCreate,
) -> Response:
    """Adds a host to a tenant; a host can belong to only one tenant."""
    domain = await clients.tenants.CreateDomain(
        CreateDomainRequest(
            parent=f"tenants/{scope.tenant}", host=body.host, primary=body.primary, request_id=key
        )
    )
    await tenancy.changed(tenant_id)
    return responses.one("domain", domain_json(domain))


@router.delete(
    "/{domain}",
    summary="Remove a domain",
    responses=responses.documented(responses.Deleted, "The domain is removed."),
)
async def remove_domain(
    scope: TenantScope, clients: ClientsOf, tenancy: TenancyOf, tenant_id: str, domain: str
) -> Response:
    """Removes a host, in any spelling; the oldest remaining host replaces a primary one."""
    host = normalise_host(domain)
    await clients.tenants.DeleteDomain(
        DeleteDomainRequest(name=f"tenants/{scope.tenant}/domains/{host}")
    )
    await tenancy.changed(tenant_id)
    return responses.deleted("domain", host, parent={"id": tenant_id, "object": "tenant"})
