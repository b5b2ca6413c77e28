"""The ways in which the matrix breaks a platform, each mended when its block ends."""

import asyncio
import os
import resource
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from tests.faults.matrix import Breaking, Field
from tests.faults.proxy import NONE, Fault
from tests.platform import connect

_GONE_WITHIN_SECONDS = 10


def killed(name: str) -> Breaking:
    """kill -9, and started again."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        family = descendants(field.platform.pid(name))
        await field.platform.kill(name)
        try:
            await gone(family)
            yield
        finally:
            await field.platform.start(name)

    return breaks


def paused(name: str) -> Breaking:
    """SIGSTOP to the process and all that it has started, and SIGCONT."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        parent = field.platform.pid(name)
        os.kill(parent, signal.SIGSTOP)
        family = [parent, *descendants(parent)]
        try:
            for pid in family[1:]:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in reversed(family):
                os.kill(pid, signal.SIGCONT)

    return breaks


def descendants(pid: int) -> list[int]:
    """The children of a process, as PostgreSQL's backends are."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()]


async def gone(pids: list[int]) -> None:
    """Waits until none of these processes runs."""
    ends = time.monotonic() + _GONE_WITHIN_SECONDS
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < ends, f"some of {pids} do not end"
        await asyncio.sleep(0.01)


def _runs(pid: int) -> bool:
    """Tells whether a process runs; an ended one may lie about where nobody collects it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def faulty(
    who: str, whom: str, both: Fault = NONE, *, requests: Fault = NONE, answers: Fault = NONE
) -> Breaking:
    """A fault of the network in one edge."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        with field.platform.edges[who, whom].faulty(both, requests=requests, answers=answers):
            yield

    return breaks


def everywhere(fault: Fault) -> Breaking:
    """The same fault of the network in every edge."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        proxies = field.platform.edges.values()
        for proxy in proxies:
            proxy.begin(fault)
        try:
            yield
        finally:
            for proxy in proxies:
                proxy.begin(NONE)

    return breaks


def refused(who: str, whom: str) -> Breaking:
    """Connections are reset, and new ones refused."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        proxy = field.platform.edges[who, whom]
        await proxy.refuse()
        try:
            yield
        finally:
            await proxy.listen()

    return breaks


def flapping(who: str, whom: str, *, every: float) -> Breaking:
    """Connections are reset again and again."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        async def flap() -> None:
            while True:
                field.platform.edges[who, whom].reset()
                await asyncio.sleep(every)

        flaps = asyncio.create_task(flap())
        try:
            yield
        finally:
            flaps.cancel()

    return breaks


def redis_told(*commands: str, mended: tuple[str, ...] = ()) -> Breaking:
    """Redis is told something, and something else in the end."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        async with Redis.from_url(field.platform.plan.redis) as redis:
            for command in commands:
                await redis.execute_command(*command.split())
            try:
                yield
            finally:
                for command in mended:
                    await redis.execute_command(*command.split())

    return breaks


def sql(service: str, *statements: str, mended: tuple[str, ...]) -> Breaking:
    """A superuser changes a service's database, and changes it back."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        await _run(field, service, statements)
        try:
            yield
        finally:
            await _run(field, service, mended)

    return breaks


async def _run(field: Field, service: str, statements: tuple[str, ...]) -> None:
    connection = await connect(field.platform, service, "superuser")
    try:
        # Else a database that is read-only could not be told to be so no longer.
        await connection.execute("SET default_transaction_read_only = off")
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def locked(service: str, table: str) -> Breaking:
    """Somebody holds a table's lock and does not let go."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        connection = await connect(field.platform, service, "superuser")
        try:
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                yield
        finally:
            await connection.close()

    return breaks


def without_descriptors(name: str) -> Breaking:
    """The process can open nothing any more, and loses the connections that it made."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        pid = field.platform.pid(name)
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, hard))
        for (who, _), proxy in field.platform.edges.items():
            if who == name:
                proxy.reset()
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))

    return breaks
