"""Creates what a platform starts with: the head office, and one admin who can create the rest."""

from datetime import UTC, datetime

from souk.tenant_registry.v1 import access_service_pb2 as access
from souk.tenant_registry.v1 import tenant_pb2 as tenants
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.names import new_id
from services.kernel.call.passwords import Passwords
from services.kernel.call.scope import Scope, bound
from services.kernel.evidence import audit
from services.kernel.process import logs
from services.kernel.process.settings import Email, SoukSettings, load
from services.kernel.serving.server import Runtime
from services.tenant_registry.accounts import queries as account_queries
from services.tenant_registry.accounts.admin_lifecycle import new_admin
from services.tenant_registry.models import Tenant
from services.tenant_registry.roles import assigning, holder_queries
from services.tenant_registry.roles.assignment_rules import GLOBAL_ADMIN, TENANT_ADMIN
from services.tenant_registry.tenants import fields
from services.tenant_registry.tenants.rules import State
from services.tenant_registry.tenants.tenants import add_tenant
from services.values.emails import canonical_email

METHOD = "souk.tenant_registry.v1.Bootstrap/Run"
HEAD_OFFICE = tenants.Tenant(
    display_name="Impact Nutrition",
    country_code="TN",
    currency_code="TND",
    default_locale="fr",
    time_zone="Africa/Tunis",
)


class BootstrapSettings(SoukSettings):
    """SOUK_ADMIN_EMAIL, the first admin's; by default admin@ the base domain."""

    admin_email: Email | None = None


async def bootstrap(runtime: Runtime) -> None:
    """Creates what is missing. Running it again changes nothing, not even the password."""
    settings = load(BootstrapSettings)
    email = canonical_email(settings.admin_email or f"admin@{settings.base_domain}")
    password_hash = await Passwords().hash(settings.secret("admin.password"))
    scope = Scope(None, assigning.REGISTRY, frozenset(), request_id=new_id("req"))
    with bound(scope, METHOD):
        async with runtime.db.platform() as session:
            # Concurrent runs are serialised; the second finds everything made.
            await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('bootstrap'))"))
            await _head_office(session, settings.head_office)
            await _first_admin(session, email, password_hash)


async def _head_office(session: AsyncSession, tenant_id: str) -> None:
    if await session.get(Tenant, tenant_id) is None:
        head_office = fields.completed(HEAD_OFFICE)
        await add_tenant(session, tenant_id, head_office, state=State.ACTIVE, plan="LARGE")
        logs.logger().info("head_office_created", head_office=tenant_id)


async def _first_admin(session: AsyncSession, email: str, password_hash: str) -> None:
    """Ensures that the platform has a GlobalAdmin, and each tenant a TenantAdmin."""
    now = datetime.now(UTC)
    guardian_id = await holder_queries.oldest_guardian(session, GLOBAL_ADMIN, None, now=now)
    if guardian_id is None:
        guardian_id = await _admin(session, email, password_hash, now)
        await assigning.give_first(
            session, guardian_id, tenant=None, reason="the platform's first admin"
        )
        logs.logger().info("first_admin_created", admin=guardian_id)
    for tenant in await holder_queries.tenants_without(session, TENANT_ADMIN, now=now):
        await assigning.give_first(
            session, guardian_id, tenant=tenant, reason="the tenant had no admin"
        )


async def _admin(session: AsyncSession, email: str, password_hash: str, now: datetime) -> str:
    """Finds the admin with an e-mail, or creates one; returns their id."""
    existing_admin = await account_queries.admin_with_email(session, email)
    if existing_admin is not None:
        return existing_admin.admin_id
    admin = new_admin(email, "", "", password_hash=password_hash, now=now)
    session.add(admin)
    await session.flush()
    name = f"admins/{admin.admin_id}"
    # Only the name: the operator's address must not stand in a log that is kept permanently.
    audit.record(session, resource=name, after=access.Admin(name=name))
    return admin.admin_id
