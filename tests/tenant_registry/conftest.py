"""Stubs of the registry, and admins of paris and lyon with what they may do."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from joserfc import jwt
from joserfc.jwk import OKPKey
from souk.audit.v1 import audit_service_pb2 as audit_pb
from souk.audit.v1.audit_service_pb2_grpc import AuditServiceStub
from souk.tenant_registry.v1 import access_service_pb2 as access_pb
from souk.tenant_registry.v1 import tenant_pb2 as tenants
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb
from souk.tenant_registry.v1.access_service_pb2_grpc import AccessServiceStub
from souk.tenant_registry.v1.session_service_pb2_grpc import SessionServiceStub
from souk.tenant_registry.v1.tenant_registry_service_pb2_grpc import TenantRegistryServiceStub

from services.kernel.call.errors import Unauthenticated
from services.kernel.call.names import new_id
from services.tenant_registry.roles.permissions import OF_SERVICES, PERMISSIONS
from tests.tenant_registry.keys import keys, maker  # noqa: F401 - fixtures

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
HOUR = timedelta(hours=1)
RIGHT = "right"


@pytest.fixture
def registry(scoped_stub):
    """Makes stubs that may do everything at one place: registry("paris"), or registry(None)."""

    def make(tenant, **options):
        held = PERMISSIONS["TENANT" if tenant else "PLATFORM"] | OF_SERVICES
        return scoped_stub(
            TenantRegistryServiceStub,
            "tenant-registry",
            tenant=tenant,
            **{"permissions": held} | options,
        )

    return make


@pytest_asyncio.fixture
async def access(scoped_stub):
    """Async, because the first stub of a service opens a channel, which needs the loop."""
    return scoped_stub(AccessServiceStub, "tenant-registry", tenant=None, permissions=OF_SERVICES)


@pytest.fixture
def resolved(access):
    """Asks what an admin may do at a tenant."""

    async def ask(admin, tenant):
        request = access_pb.ResolveAccessRequest(
            admin=f"admins/{admin}", tenant=f"tenants/{tenant}"
        )
        return await access.ResolveAccess(request)

    return ask


@pytest.fixture
def tenant_of():
    """Makes a sound tenant, but for what the test changes."""

    def make(**fields):
        sound = {
            "display_name": "Paris",
            "country_code": "FR",
            "currency_code": "EUR",
            "default_locale": "fr",
        }
        return tenants.Tenant(**sound | fields)

    return make


@pytest.fixture
def new_tenant(registry, tenant_of):
    """Creates a tenant of the test's own, and tells its id."""

    async def create(prefix="paris", **fields):
        tenant_id = f"{prefix}-{uuid.uuid4().hex[:12]}"
        await registry(None).CreateTenant(
            pb.CreateTenantRequest(tenant_id=tenant_id, tenant=tenant_of(**fields))
        )
        return tenant_id

    return create


@pytest.fixture
def add_domain(registry):
    async def add(tenant, host, **options):
        request = pb.CreateDomainRequest(parent=f"tenants/{tenant}", host=host, **options)
        return await registry(tenant).CreateDomain(request)

    return add


@pytest.fixture
def new_host():
    """Makes a host that nobody has yet."""
    return lambda: f"shop-{uuid.uuid4().hex[:12]}.example"


@pytest.fixture
def domains_of(registry):
    """Tells a tenant's hosts in their order, each with whether it is primary."""

    async def read(tenant):
        answer = await registry(tenant).ListDomains(
            pb.ListDomainsRequest(parent=f"tenants/{tenant}")
        )
        return [(one.name.rpartition("/")[2], one.primary) for one in answer.domains]

    return read


@pytest.fixture
def resolve(registry):
    async def ask(host):
        return await registry(None).ResolveHost(pb.ResolveHostRequest(host=host))

    return ask


@pytest_asyncio.fixture
async def rows(database):
    """The registry's database as a superuser sees it."""
    return await database("tenant-registry", "superuser")


@pytest.fixture
def new_admin(rows):
    """Makes an admin with a password, and tells their id and e-mail."""

    async def create(password=RIGHT, *, email="", hasher=HASHER, deactivated=False):
        admin, email = new_id("user"), email or f"{uuid.uuid4().hex}@paris.example"
        await rows.execute(
            "INSERT INTO admin (admin_id, email, first_name, last_name, password_hash,"
            " create_time, update_time, deactivate_time)"
            " VALUES ($1, $2, '', '', $3, now(), now(), CASE WHEN $4 THEN now() END)",
            admin,
            email,
            hasher.hash(password),
            deactivated,
        )
        return admin, email

    return create


@pytest.fixture
def assign(rows):
    """Gives an admin a role at a tenant or, with None, everywhere; tells the assignment's id."""

    async def create(admin, role, tenant, *, begins=-HOUR, ends=None):
        assignment, now = new_id("asgn"), datetime.now(UTC)
        await rows.execute(
            "INSERT INTO assignment VALUES ($1, $2, $3, $4, $5, $6, 'tests', 'a test', now())",
            assignment,
            admin,
            role,
            tenant,
            now + begins,
            now + ends if ends else None,
        )
        return assignment

    return create


@pytest.fixture
def employ(new_admin, assign):
    """Makes an admin with one role at one tenant or everywhere; tells their id."""

    async def make(role, tenant, **times):
        admin, _ = await new_admin()
        await assign(admin, role, tenant, **times)
        return admin

    return make


@pytest.fixture
def new_member(new_admin, assign):
    """Makes a member of a tenant who may do nothing there yet: their role begins in an hour."""

    async def create(tenant):
        admin, _ = await new_admin()
        await assign(admin, "OrderOps", tenant, begins=HOUR)
        return admin

    return create


@pytest.fixture
def session_stub(scoped_stub):
    """Makes stubs of one admin in one session, or of the gateway itself."""

    def make(actor="services/gateway", session="", kind=SessionServiceStub, address=""):
        permission = "account:own" if session else "session:create"
        return scoped_stub(
            kind,
            "tenant-registry",
            tenant=None,
            actor=actor,
            session=session,
            address=address,
            permissions={permission},
        )

    return make


@pytest.fixture
def logged_in(access, new_admin, platform):
    """Makes an admin who has just logged in: their name, their session's id, and the answer."""
    key = OKPKey.import_key((platform.secrets / "session.key").read_text())

    async def begin(email="", password=RIGHT, totp=""):
        if not email:
            _, email = await new_admin(password)
        request = access_pb.LoginRequest(email=email, password=password, totp=totp)
        answer = await access.Login(request)
        session = jwt.decode(answer.access_token, key, ["Ed25519"]).claims["sid"]
        return answer.admin.name, session, answer

    return begin


@pytest.fixture
def is_live(access):
    async def ask(admin, session):
        try:
            await access.ResolveAccess(access_pb.ResolveAccessRequest(admin=admin, session=session))
        except Unauthenticated:
            return False
        return True

    return ask


@pytest.fixture
def events_of(scoped_stub):
    """Waits until a log has so many events that match, and tells them, oldest first."""

    async def read(tenant, *, number, resource=None):
        stub = scoped_stub(AuditServiceStub, "audit", tenant=tenant, permissions={"event:read"})
        async with asyncio.timeout(10):
            while True:
                found = [e for e in await whole_log(stub, tenant) if resource in (None, e.resource)]
                if len(found) >= number:
                    return found[::-1]
                await asyncio.sleep(0.05)

    return read


async def whole_log(stub, tenant):
    request = audit_pb.ListEventsRequest(parent=f"tenants/{tenant}", page_size=200)
    events = []
    while True:
        page = await stub.ListEvents(request)
        events += page.events
        if not page.next_page_token:
            return events
        request.page_token = page.next_page_token
