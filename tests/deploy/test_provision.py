"""Provisioning makes every database and role, repairs them, and can be repeated."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
import pytest
import pytest_asyncio

from deploy import provision as provisioning
from deploy.local import health, ports
from deploy.local.postgres import Postgres
from deploy.local.processes import start
from deploy.manifest import DATABASES, ROLES
from deploy.provision import CannotProvision, provision
from deploy.secrets.creation import make_secrets
from tests.platform import temporary_state


class Server:
    """A PostgreSQL that nobody has provisioned yet."""

    def __init__(self, folder, postgres):
        self.secrets = folder / "secrets"
        self.admin_url = postgres.admin_url
        self.port = postgres.port

    async def provision(self, url=None):
        return await provision(url or self.admin_url, self.secrets)

    async def as_admin(self, sql, *args, database="postgres"):
        connection = await asyncpg.connect(self.admin_url, database=database)
        try:
            return await connection.fetch(sql, *args)
        finally:
            await connection.close()

    async def as_role(self, role, sql, *args, database=None):
        password = (self.secrets / f"{role}.password").read_text()
        connection = await asyncpg.connect(
            host="127.0.0.1",
            port=self.port,
            user=role,
            password=password,
            database=database or role.rpartition("_")[0],
        )
        try:
            async with connection.transaction():
                for statement in sql.split(";")[:-1]:
                    await connection.execute(statement)
                return await connection.fetchval(sql.split(";")[-1], *args)
        finally:
            await connection.close()


@asynccontextmanager
async def bare_server():
    with temporary_state() as folder:
        folder.mkdir(mode=0o711)
        make_secrets(folder / "secrets")
        postgres = Postgres(folder, folder / "secrets", ports.free(1)[0])
        child = await start(await asyncio.to_thread(postgres.prepare), folder / "postgres.log")
        try:
            await health.wait(child, postgres.is_ready)
            yield Server(folder, postgres)
        finally:
            await child.stop()


@pytest_asyncio.fixture(scope="module")
async def server():
    async with bare_server() as started:
        yield started


@pytest_asyncio.fixture
async def provisioned(server):
    assert await server.provision() == []
    return server


async def test_an_admin_without_superuser_warns_of_three_remaining_steps():
    async with bare_server() as server:
        await server.as_admin("CREATE ROLE manager LOGIN CREATEROLE CREATEDB PASSWORD 'm'")
        url = f"postgresql://manager:m@127.0.0.1:{server.port}/postgres"

        warnings = await server.provision(url)
        steps = [line.removeprefix("a superuser must run this") for line in warnings]
        await server.as_admin("GRANT CONNECT ON DATABASE postgres TO manager")  # to come again
        for line in steps:
            where, _, statement = line.partition(": ")
            name = where.removeprefix(" in the database ")
            await server.as_admin(statement, database=name if name in DATABASES else "postgres")
        assert len(steps) == 3 * len(DATABASES) + 2

        assert await server.provision(url) == []
        assert await server.as_role("audit_app", "SELECT current_user") == "audit_app"


@pytest.mark.parametrize("role", ["app", "platform"])
@pytest.mark.parametrize("database", DATABASES)
async def test_a_statement_that_fails_is_not_written_into_the_servers_log(
    provisioned, database, role
):
    """One that commits holds what an event tells of people, in hex."""
    level = await provisioned.as_role(f"{database}_{role}", "SHOW log_min_error_statement")

    assert level == "panic"


async def test_provisioning_again_changes_nothing_that_shows(provisioned):
    facts = "SELECT datname, datdba, datacl::text FROM pg_database ORDER BY 1"
    before = await provisioned.as_admin(facts)

    assert await provisioned.provision() == []

    assert await provisioned.as_admin(facts) == before


@pytest.mark.parametrize("other", ["catalog_opt_in", "tenant_registry", "postgres", "template1"])
async def test_a_role_enters_its_own_database_alone(provisioned, other):
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        await provisioned.as_role("audit_app", "SELECT 1", database=other)


async def test_connect_rights_of_other_roles_are_kept_and_a_warning_reports_them():
    async with bare_server() as server:
        await server.as_admin("CREATE ROLE neighbour LOGIN")

        warnings = await server.provision()

        assert len(warnings) == 2
        assert all("REVOKE CONNECT ON DATABASE" in line for line in warnings)
        [row] = await server.as_admin(
            "SELECT has_database_privilege('neighbour', 'postgres', 'CONNECT') AS may"
        )
        assert row["may"]


async def test_rights_that_a_role_was_given_are_taken_back(provisioned):
    await provisioned.as_admin("ALTER ROLE audit_app SUPERUSER BYPASSRLS CREATEDB INHERIT")
    await provisioned.as_admin("GRANT audit_owner TO audit_app")

    await provisioned.provision()

    [role] = await provisioned.as_admin(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolinherit FROM pg_roles"
        " WHERE rolname = 'audit_app'"
    )
    assert not any(role.values())
    groups = "SELECT FROM pg_auth_members WHERE member = 'audit_app'::regrole"
    assert await provisioned.as_admin(groups) == []


@pytest.mark.parametrize("role", ["app", "platform"])
@pytest.mark.parametrize(
    "forbidden",
    [
        "SELECT set_config('app.tenant_id', 'lyon', true)",
        "CREATE TABLE public.mine (id int); SELECT 1",
        "CREATE TEMP TABLE mine (id int); SELECT 1",
        "CREATE SCHEMA mine; SELECT 1",
        "CREATE FUNCTION tenancy.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT 1",
    ],
)
async def test_a_service_role_makes_nothing_of_its_own(provisioned, role, forbidden):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await provisioned.as_role(f"catalog_opt_in_{role}", forbidden)


async def test_the_owner_makes_tables(provisioned):
    made = "CREATE TABLE public.mine (id int); DROP TABLE public.mine; SELECT true"

    assert await provisioned.as_role("catalog_opt_in_owner", made)


async def test_a_tenant_is_bound_for_one_transaction(provisioned):
    bind = "SELECT tenancy.enter('{}')"
    read = "SELECT current_setting('app.tenant_id', true)"
    both = f"{bind.format('paris')}; COMMIT AND CHAIN; {bind.format('lyon')}; {read}"

    assert await provisioned.as_role("audit_app", f"{bind.format('paris')}; {read}") == "paris"
    assert await provisioned.as_role("audit_app", both) == "lyon"
    after = await provisioned.as_role(
        "audit_app", f"{bind.format('paris')}; COMMIT AND CHAIN; {read}"
    )
    assert not after


@pytest.mark.parametrize(
    "twice",
    [
        "SELECT tenancy.enter('paris'); SELECT tenancy.enter('lyon')",
        "SELECT tenancy.enter(''); SELECT 1",
        "SELECT tenancy.enter(NULL); SELECT 1",
    ],
)
async def test_no_second_tenant_and_no_empty_one_can_be_bound(provisioned, twice):
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="tenant"):
        await provisioned.as_role("audit_app", twice)


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_gives_up_waiting(provisioned, role):
    timeout = await provisioned.as_role(f"audit_{role}", "SELECT current_setting('lock_timeout')")

    assert timeout == provisioning.TIMEOUTS[role][1]


async def test_an_old_server_is_refused(server, monkeypatch):
    monkeypatch.setattr(provisioning, "OLDEST_SERVER", 99)

    with pytest.raises(
        CannotProvision, match="PostgreSQL 99 or newer is required; this server runs"
    ):
        await server.provision()


async def test_an_admin_without_the_rights_is_refused(provisioned):
    password = (provisioned.secrets / "audit_app.password").read_text()

    with pytest.raises(CannotProvision, match="superuser"):
        await provisioned.provision(
            f"postgresql://audit_app:{password}@127.0.0.1:{provisioned.port}/audit"
        )
