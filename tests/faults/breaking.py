"""The ways in which the matrix breaks a platform, each mended when its block ends."""

import asyncio
import itertools
import os
import random
import resource
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from redis.asyncio import Redis

from deploy.local import health, ports
from deploy.local.processes import start
from services.kernel.call.credentials import LEEWAY_SECONDS
from tests.faults.clock import Dial
from tests.faults.matrix import Breaking, Field
from tests.faults.proxy import NONE, Fault
from tests.platform import connect

_GONE_WITHIN_SECONDS = 10
_STUMBLE_SECONDS = 0.15
_BEFORE_NEXT_SECONDS = 0.1
ALL = ("tenant-registry", "catalog-opt-in", "audit", "witness", "gateway", "postgres", "valkey")


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


def half_open(who: str, whom: str) -> Breaking:
    """The connections that there are carry nothing any more, and nobody is told."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        field.platform.edges[who, whom].abandon()
        yield

    return breaks


def doubled(name: str) -> Breaking:
    """A second instance at the same database, while the first stands still again and again."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        platform = field.platform
        address = f"127.0.0.1:{ports.free(1)[0]}"
        first = platform.topology.program(name)
        second = replace(first, environment={**first.environment, "SOUK_LISTEN": address})
        child = await start(second, platform.state.logs / f"{name}-2.log")
        await health.wait(child, partial(health.grpc_is_ready, address))

        async def stumble() -> None:
            for number in itertools.cycle((signal.SIGSTOP, signal.SIGCONT)):
                platform.signal(name, number)
                await asyncio.sleep(_STUMBLE_SECONDS)

        stumbling = asyncio.create_task(stumble())
        try:
            yield
        finally:
            stumbling.cancel()
            platform.signal(name, signal.SIGCONT)
            await child.stop()

    return breaks


def clock_off(name: str, seconds: float) -> Breaking:
    """The process is started again under a wrong clock, and in the end under the right one."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        async with _by_a_dial(field, name, seconds):
            if abs(seconds) <= LEEWAY_SECONDS:
                await field.recovered()
            yield

    return breaks


def clock_jumps(name: str, seconds: float) -> Breaking:
    """The process's clock jumps while it runs."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        async with _by_a_dial(field, name, 0.0) as dial:
            await field.recovered()
            dial.turn(seconds)
            yield

    return breaks


@asynccontextmanager
async def _by_a_dial(field: Field, name: str, seconds: float) -> AsyncIterator[Dial]:
    """Starts a process again that tells the time by a dial, and in the end by the machine."""
    dial = Dial(field.platform.state.logs / f"{name}.clock")
    dial.turn(seconds)
    field.platform.topology.clocks[name] = dial
    await field.platform.restart(name)
    try:
        yield dial
    finally:
        del field.platform.topology.clocks[name]
        await field.platform.restart(name)


@asynccontextmanager
async def all_down(field: Field) -> AsyncIterator[None]:
    """Everything is killed, and started in a random order."""
    await kill_all(field)
    try:
        yield
    finally:
        await start_all(field, random.sample(ALL, len(ALL)))


async def kill_all(field: Field) -> None:
    family = descendants(field.platform.pid("postgres"))
    for name in ALL:
        await field.platform.kill(name)
    await gone(family)


async def start_all(field: Field, order: Sequence[str]) -> None:
    """Starts each when the one before it has begun to start, ready or not."""
    async with asyncio.TaskGroup() as group:
        for name in order:
            group.create_task(field.platform.start(name))
            await asyncio.sleep(_BEFORE_NEXT_SECONDS)


def redis_told(*commands: str, mended: tuple[str, ...] = ()) -> Breaking:
    """Redis is told something, and something else in the end."""

    @asynccontextmanager
    async def breaks(field: Field) -> AsyncIterator[None]:
        async with Redis.from_url(field.platform.topology.redis) as redis:
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
