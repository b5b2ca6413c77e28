"""The domain methods of TenantRegistryService."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.tenant_registry.v1 import tenant_pb2 as tenants
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import requests
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.tenant_registry.models import Domain, Tenant
from services.tenant_registry.tenants import messages, queries, rules
from services.tenant_registry.tenants.messages import config
from services.tenant_registry.tenants.rules import State
from services.tenant_registry.tenants.tenants import existing, not_found
from services.values.hosts import HostInvalid, normalise_host, registrable


class DomainMethods:
    _db: Database
    _base: str

    async def ListDomains(
        self, request: pb.ListDomainsRequest, _context: object
    ) -> pb.ListDomainsResponse:
        _own_tenant(request.parent)
        async with self._db.tenant() as session:
            await existing(session)
            rows = await queries.own_domains(session)
        return pb.ListDomainsResponse(domains=[messages.domain(row) for row in rows])

    async def CreateDomain(
        self, request: pb.CreateDomainRequest, _context: object
    ) -> tenants.Domain:
        tenant_id = _own_tenant(request.parent)
        host = self._registrable(request.host, tenant_id)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, tenants.Domain):
                return answer
            tenant = await existing(session, lock=True)
            row = await _add_domain(session, tenant, host, primary=request.primary)
            message = messages.domain(row)
            audit.record(session, resource=message.name, after=message)
            return await requests.remember(session, request, message)

    async def DeleteDomain(self, request: pb.DeleteDomainRequest, _context: object) -> Empty:
        current_scope().require(request.name)
        _, host = names.parse(request.name, "tenants/{tenant}/domains/{domain}")
        async with self._db.tenant() as session:
            tenant = await existing(session, lock=True)
            rows = {row.host: row for row in await queries.own_domains(session)}
            row = rows.pop(host, None)
            if row is None:
                raise NotFound(
                    "DOMAIN_NOT_FOUND", f"No such domain: {request.name}.", domain=request.name
                )
            audit.record(session, resource=request.name, before=messages.domain(row))
            await session.delete(row)
            # Before another becomes primary: the index never allows two.
            await session.flush()
            if row.is_primary and rows:
                next(iter(rows.values())).is_primary = True
            tenant.config_version += 1
        return Empty()

    async def ResolveHost(
        self, request: pb.ResolveHostRequest, _context: object
    ) -> tenants.TenantConfig:
        host = normalise_host(request.host)
        slug = rules.slug_of(host, base=self._base)
        async with self._db.platform() as session:
            found = await queries.owner_of_host(
                session, host, slug=slug, active_only=request.active_only
            )
        if found is None:
            raise NotFound("HOST_UNKNOWN", f"No tenant owns the host {host}.", host=host)
        return config(found.tenant, found.hosts, found.key_digests)

    async def ResolveTenant(
        self, request: pb.ResolveTenantRequest, _context: object
    ) -> tenants.TenantConfig:
        (tenant_id,) = names.parse(request.name, "tenants/{tenant}")
        async with self._db.platform() as session:
            found = await queries.config_of(session, tenant_id, active_only=request.active_only)
        if found is None:
            raise not_found(request.name)
        return config(found.tenant, found.hosts, found.key_digests)

    def _registrable(self, raw: str, tenant_id: str) -> str:
        host = registrable(raw)
        if rules.is_reserved(host, tenant=tenant_id, base=self._base):
            raise HostInvalid(
                "HOST_RESERVED",
                f"is reserved: below {self._base}, a tenant may use only its own subdomain",
            )
        return host


def _own_tenant(parent: str) -> str:
    current_scope().require(parent)
    return names.parse(parent, "tenants/{tenant}")[0]


async def _add_domain(session: AsyncSession, tenant: Tenant, host: str, *, primary: bool) -> Domain:
    """Adds a domain to a tenant whose row is locked, so that the limit holds."""
    if tenant.state == State.ARCHIVED:
        raise FailedPrecondition("TENANT_ARCHIVED", "This tenant is archived. Undelete it first.")
    others = await queries.own_domains(session)
    if len(others) >= rules.DOMAINS_LIMIT:
        raise FailedPrecondition(
            "DOMAINS_FULL",
            f"A tenant can have at most {rules.DOMAINS_LIMIT} domains. Remove one first.",
        )
    if primary and others:
        await queries.make_none_primary(session)
    row = Domain(
        tenant_id=tenant.tenant_id,
        host=host,
        is_primary=primary or not others,
        create_time=datetime.now(UTC),
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError:
        raise AlreadyExists(
            "DOMAIN_TAKEN", f"The host {host} is already in use.", host=host
        ) from None
    tenant.config_version += 1
    return row
