"""A PostgreSQL of the tests' own: set up like any other, and free to be broken."""

import asyncio
import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import URL

from deploy.local import health, ports
from deploy.local.postgres import Postgres
from deploy.local.processes import Child, Program, start
from deploy.local.state import MARK
from deploy.manifest import BY_NAME, DATABASES
from deploy.provision import provision
from deploy.secrets.creation import make_secrets
from services.kernel.data import connections
from services.kernel.data import database as db
from services.kernel.evidence.event_signatures import EventKey
from services.kernel.serving import migrations
from tests import snapshots
from tests.platform import Calls

_GRANTS = "grants.pickle"
ROOT = Path(__file__).resolve().parents[1]

Grants = dict[str, dict[str, frozenset[str]]]
"""What is granted, by table and role."""


@dataclass(frozen=True)
class Cluster:
    """Where the cluster is, and how each role gets in."""

    folder: Path
    secrets: Path
    address: str
    admin_url: str
    declared: dict[str, Grants]
    """What the migrations grant, by database."""

    def url(self, database: str, role: str) -> URL:
        password = (self.secrets / f"{database}_{role}.password").read_text().strip()
        return connections.url(self.address, database, role, password)

    async def connect(
        self, database: str, role: str = "superuser", *, to: str = ""
    ) -> asyncpg.Connection:
        """Connects as one of a database's roles; `to` is another database, such as a copy of it."""
        target = to or database
        if role == "superuser":
            return await asyncpg.connect(self.admin_url, database=target)
        address = self.url(database, role).set(database=target)
        return await asyncpg.connect(
            address.render_as_string(hide_password=False),
            connection_class=connections.RestrictedConnection,
        )

    @asynccontextmanager
    async def session(
        self, database: str, role: str = "superuser"
    ) -> AsyncIterator[asyncpg.Connection]:
        """A connection that ends with the block."""
        connection = await self.connect(database, role)
        try:
            yield connection
        finally:
            await connection.close()

    def event_key(self, service: str) -> EventKey:
        """Reads the key by which a service signs its events."""
        return EventKey(service, (self.secrets / f"{service}.key").read_text())

    @asynccontextmanager
    async def doors(self, database: str) -> AsyncIterator[db.Database]:
        """Opens a database the way its service does."""
        opened = db.Database(
            self.url(database, "app"),
            self.url(database, "platform"),
            secrets=self.secrets,
            head_office="hq",
            sign=self.event_key(database.replace("_", "-")).sign,
        )
        await opened.open()
        try:
            yield opened
        finally:
            await opened.close()

    def program(self, name: str, port: int, **settings: str) -> Program:
        """Tells how to run one of the services on this cluster."""
        environment = os.environ | {
            "SOUK_LISTEN": f"127.0.0.1:{port}",
            "SOUK_INTERNAL_LISTEN": f"127.0.0.1:{ports.free(1)[0]}",
            "SOUK_POSTGRES": self.address,
            "SOUK_SECRETS": str(self.secrets),
        }
        # Those whom it calls are not there, unless a test says where they are.
        for called in {*BY_NAME[name].calls} - {"audit", "witness"}:
            environment.setdefault(BY_NAME[called].address_setting, "127.0.0.1:1")
        module = f"services.{name.replace('-', '_')}"
        return Program(
            name=name,
            arguments=(sys.executable, "-m", module, "serve"),
            environment=environment | settings,
            folder=ROOT,
        )

    async def serve(self, name: str, port: int, **settings: str) -> Child:
        """Starts a service and waits until it serves."""
        program = self.program(name, port, **settings)
        child = await start(program, self.folder / f"{name}.log")
        await health.wait(child, partial(health.is_ready, program))
        return child

    @asynccontextmanager
    async def serving(self, name: str) -> AsyncIterator[Calls]:
        """Runs a service while the block lasts; gives calls to it."""
        [port] = ports.free(1)
        child = await self.serve(name, port)
        calls = Calls(self.secrets, {name: f"127.0.0.1:{port}"})
        try:
            yield calls
        finally:
            await calls.close()
            await child.stop()


@asynccontextmanager
async def running() -> AsyncIterator[Cluster]:
    """Starts a cluster in a folder of its own, and leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="souk-test-"))
    folder.chmod(0o711)  # PostgreSQL runs as nobody when we are root
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        with snapshots.lock("migrated"):
            is_first = not snapshots.restore("migrated", folder)
            if is_first:
                cluster = await _started(folder, stack)
                await _migrated(cluster)
                port = int(cluster.address.rpartition(":")[2])
                snapshots.keep("migrated", folder, port=port)
        if not is_first:
            cluster = await _started(folder, stack)
            cluster.declared.update(pickle.loads((folder / _GRANTS).read_bytes()))  # noqa: S301
            if set(DATABASES) - cluster.declared.keys():  # a service that the snapshot has not
                await _migrated(cluster)
        yield cluster


@asynccontextmanager
async def empty() -> AsyncIterator[Cluster]:
    """Starts a cluster without any database of ours."""
    folder = Path(tempfile.mkdtemp(prefix="souk-test-"))
    folder.chmod(0o711)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield await _started(folder, stack)


async def _started(folder: Path, stack: AsyncExitStack) -> Cluster:
    secrets = folder / "secrets"
    make_secrets(secrets)
    [port] = ports.free(1)
    postgres = Postgres(folder, secrets, port)
    child = await start(await asyncio.to_thread(postgres.prepare), folder / "postgres.log")
    stack.push_async_callback(child.stop)
    await health.wait(child, postgres.is_ready)
    return Cluster(folder, secrets, f"127.0.0.1:{port}", postgres.admin_url, {})


async def _migrated(cluster: Cluster) -> None:
    await provision(cluster.admin_url, cluster.secrets)
    await asyncio.to_thread(_migrate, cluster)
    (cluster.folder / _GRANTS).write_bytes(pickle.dumps(cluster.declared))
    (cluster.folder / MARK).touch()  # a platform can start with this folder, too


def _migrate(cluster: Cluster) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "grant", _recording(migrations.grant, cluster.declared))
        for database in DATABASES:
            folder = ROOT / "services" / database / "migrations"
            migrations.upgrade(folder, cluster.url(database, "owner"))


def _recording(grant: Callable[..., None], declared: dict[str, Grants]) -> Callable[..., None]:
    """Wraps `grant` so that what it is asked for is known afterwards."""

    def recorded(
        op: ModuleType, database: str, table: str, *, app: str, platform: str = migrations.ALL
    ) -> None:
        grant(op, database, table, app=app, platform=platform)
        declared.setdefault(database, {})[table] = {
            f"{database}_{role}": frozenset(rights.split(", "))
            for role, rights in (("app", app), ("platform", platform))
            if rights
        }

    return recorded


@pytest_asyncio.fixture(scope="session")
async def cluster() -> AsyncIterator[Cluster]:
    async with running() as made:
        yield made
