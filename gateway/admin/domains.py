"""The hosts of a tenant's storefront."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.tenant_registry_service_pb2 import (
    DeleteDomainRequest,
    ListDomainsRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.domain import DomainCreate, DomainDocument
from gateway.identity.scopes import TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.tenancy import TenancyOf
from services.kernel.call.errors import InvalidArgument
from services.values.hosts import HostInvalid, normalise_host

DOMAINS = Resource("domain", "domains", DomainDocument, Query(limit=None))
DomainQuery = Annotated[ParsedQuery, Depends(DOMAINS.query_of_answer)]

router = Router(
    prefix="/admin/tenants/{tenant_id}/domains",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
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
    query = DOMAINS.list_query(request)
    found = await clients.tenants.ListDomains(ListDomainsRequest(parent=f"tenants/{scope.tenant}"))
    return DOMAINS.page(query, found.domains, count=len(found.domains))


@router.post(
    "",
    summary="Add a domain",
    responses=responses.documented(DomainAnswer, "The domain."),
    openapi_extra=DOMAINS.documented_one,
)
async def add_domain(
    scope: TenantScope,
    query: DomainQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key: IdempotencyKey,
    tenant_id: str,
    body: DomainCreate,
) -> Response:
    """Adds a host to a tenant; a host can belong to only one tenant."""
    domain = await clients.tenants.CreateDomain(
        body.to_message(parent=f"tenants/{scope.tenant}", request_id=key)
    )
    await tenancy.publish_change(tenant_id)
    return DOMAINS.one(query, domain)


@router.delete(
    "/{domain}",
    summary="Remove a domain",
    responses=responses.documented(responses.DeletedOfTenant, "The domain is removed."),
)
async def remove_domain(
    scope: TenantScope, clients: ClientsOf, tenancy: TenancyOf, tenant_id: str, domain: str
) -> Response:
    """Removes a host, in any spelling; the oldest remaining host replaces a primary one."""
    host = _host_in_path(domain)
    await clients.tenants.DeleteDomain(
        DeleteDomainRequest(name=f"tenants/{scope.tenant}/domains/{host}")
    )
    await tenancy.publish_change(tenant_id)
    return responses.deleted("domain", host, parent={"id": tenant_id, "object": "tenant"})


def _host_in_path(domain: str) -> str:
    try:
        return normalise_host(domain)
    except HostInvalid as wrong:
        named = dict.fromkeys(["domain"], *wrong.violations.values())
        raise InvalidArgument(wrong.reason, wrong.message, named, **wrong.metadata) from None
