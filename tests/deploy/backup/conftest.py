"""A cluster that was backed up while it was written to, and then died."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from deploy.backup.restore import Restore
from deploy.backup.sealing import Sealing
from deploy.backup.secret_files import make_key
from deploy.backup.store import Store
from deploy.backup.stream import empty
from deploy.backup.tools import Tools
from deploy.local import binaries, health, ports
from deploy.local.postgres import Postgres
from deploy.local.processes import Child, start, unprivileged
from deploy.local.state import MARK
from deploy.secrets.creation import make_secrets
from tests.deploy.local.souk import ROOT, until


@dataclass
class Machine:
    """A state folder with a cluster in it, and the folder of its backups."""

    state: Path
    store: Store
    key: Path
    recipient: str
    url: str = ""

    @property
    def data(self) -> Path:
        return self.state / "postgres" / "data"

    def environment(self, **more: str) -> dict[str, str]:
        return os.environ | {
            "SOUK_STATE": str(self.state),
            "SOUK_BACKUP": str(self.store.folder),
            "SOUK_BACKUP_RECIPIENT": self.recipient,
            "SOUK_BACKUP_IDENTITY": str(self.key),
            **more,
        }

    def command(self, *arguments: str, limit: str = "") -> subprocess.CompletedProcess[str]:
        """Runs `python -m deploy.backup`; `limit` is how large a file may get, in KiB."""
        command = [sys.executable, "-m", "deploy.backup", *arguments]
        if limit:
            command = ["sh", "-c", f'ulimit -f {limit}; exec "$@"', "sh", *command]
        environment = self.environment(SOUK_POSTGRES_ADMIN=self.url)
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Child]:
        """Runs PostgreSQL while the block lasts."""
        [port] = ports.free(1)
        postgres = Postgres(self.state, self.state / "secrets", port)
        child = await start(await asyncio.to_thread(postgres.prepare), self.state / "postgres.log")
        try:
            await health.wait(child, postgres.is_ready)
            self.url = postgres.admin_url
            yield child
        finally:
            await child.stop()

    async def execute(self, statement: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    async def write(self, what: str) -> datetime:
        """Commits a row; returns a moment after it, by the server's clock."""
        await self.execute("CREATE TABLE IF NOT EXISTS act (what text)")
        await self.execute("INSERT INTO act VALUES ($1)", what)
        [row] = await self.execute("SELECT clock_timestamp()")
        moment: datetime = row[0]
        return moment

    async def acts(self) -> list[str]:
        return [row[0] for row in await self.execute("SELECT what FROM act ORDER BY 1")]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL can reach when it runs as nobody."""
    made = Path(tempfile.mkdtemp(prefix="souk-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def new_machine(folder: Path) -> Machine:
    state = folder / "state"
    make_secrets(state / "secrets")
    (state / MARK).touch()
    state.chmod(0o711)
    key = folder / "private.key"
    return Machine(state, Store(folder / "store"), key, make_key(key))


@asynccontextmanager
async def backing_up(machine: Machine, *, timeline: str = "00000001") -> AsyncIterator[None]:
    """Backs up while the block lasts, from the first base backup of a timeline on."""

    def has_begun() -> bool:
        return any(base.timeline == timeline for base in machine.store.bases())

    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-m", "deploy.backup", "run"],
        cwd=ROOT,
        env=machine.environment(SOUK_POSTGRES_ADMIN=machine.url),
    )
    try:
        await asyncio.to_thread(until, has_begun, "a base backup", 60)
        yield
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


@dataclass
class Dead:
    """What is left of a machine: its old data, its backups, and the moment between two acts."""

    machine: Machine
    moment: datetime
    copy: Callable[[], Restore]
    """Makes a copy of the store, to be damaged, and a place with old data to restore into."""

    def another_machine(self) -> Machine:
        """Makes a machine with the same secrets and a copy of the store, without a cluster."""
        place = Path(tempfile.mkdtemp(dir=self.machine.state.parent))
        state = place / "state"
        shutil.copytree(self.machine.store.folder, place / "store")
        shutil.copytree(self.machine.state / "secrets", state / "secrets")
        (state / MARK).touch()
        (state / "postgres").mkdir()
        for folder in (place, state, state / "postgres"):
            folder.chmod(0o711)
        return Machine(state, Store(place / "store"), self.machine.key, self.machine.recipient)


@pytest_asyncio.fixture(scope="module")
async def dead(folder: Path) -> AsyncIterator[Dead]:
    machine = new_machine(folder)
    async with machine.running() as server, backing_up(machine):
        await machine.write("before")
        await machine.execute("SELECT pg_switch_wal()")  # a whole segment, and a part of one
        moment = await machine.write("before, too")
        await machine.write("after")
        await server.stop()  # it waits until the log has been received
    shutil.rmtree(machine.data)
    sealing = Sealing(machine.recipient, machine.key)
    with machine.store.locked():
        empty(machine.state / "wal-spool", machine.store, sealing)
    account = unprivileged()
    tools = Tools.without_server(binaries.postgres(machine.state, account))

    def copy() -> Restore:
        place = Path(tempfile.mkdtemp(dir=folder))
        place.chmod(0o711)
        shutil.copytree(machine.store.folder, place / "store")
        (place / "cluster" / "data").mkdir(parents=True)
        (place / "cluster" / "data" / "PG_VERSION").write_text("old")
        return Restore(Store(place / "store"), sealing, tools, place / "cluster" / "data", account)

    yield Dead(machine, moment, copy)


@pytest_asyncio.fixture(scope="module")
async def alive(folder: Path) -> AsyncIterator[Machine]:
    machine = new_machine(folder)
    with machine.store.locked():
        pass
    async with machine.running():
        yield machine
