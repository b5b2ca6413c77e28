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
from functools import partial
from pathlib import Path

from redis.asyncio import Redis

from deploy.local import health
from deploy.local.processes import start
from services.kernel.call.credentials import LEEWAY_SECONDS
from tests.faults.clock import Dial
from tests.faults.matrix import Injection, Testbed
from tests.faults.proxy import NONE, Fault
from tests.platform import another_instance, connect

_GONE_WITHIN_SECONDS = 10
_STUMBLE_SECONDS = 0.15
_BEFORE_NEXT_SECONDS = 0.1
ALL = (
    *("tenant-registry", "catalog-opt-in", "commerce", "audit", "witness"),
    *("gateway", "postgres", "valkey"),
)


def killed(name: str) -> Injection:
    """kill -9, and started again."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        processes = descendants(testbed.platform.pid(name))
        await testbed.platform.kill(name)
        try:
            await wait_until_ended(processes)
            yield
        finally:
            await testbed.platform.start(name)

    return inject


def paused(name: str) -> Injection:
    """SIGSTOP to the process and all that it has started, and SIGCONT."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        parent = testbed.platform.pid(name)
        os.kill(parent, signal.SIGSTOP)
        processes = [parent, *descendants(parent)]
        try:
            for pid in processes[1:]:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in reversed(processes):
                os.kill(pid, signal.SIGCONT)

    return inject


def descendants(pid: int) -> list[int]:
    """The children of a process, as PostgreSQL's backends are."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()]


async def wait_until_ended(pids: list[int]) -> None:
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


def degraded(
    caller: str,
    callee: str,
    both_ways: Fault = NONE,
    *,
    requests: Fault = NONE,
    answers: Fault = NONE,
) -> Injection:
    """A fault of the network in one connection."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        with testbed.platform.proxies[caller, callee].degraded(
            both_ways, requests=requests, answers=answers
        ):
            yield

    return inject


def all_degraded(fault: Fault) -> Injection:
    """The same fault of the network in every connection."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        proxies = testbed.platform.proxies.values()
        for proxy in proxies:
            proxy.begin(fault)
        try:
            yield
        finally:
            for proxy in proxies:
                proxy.begin(NONE)

    return inject


def connections_refused(caller: str, callee: str) -> Injection:
    """Connections are reset, and new ones refused."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        proxy = testbed.platform.proxies[caller, callee]
        await proxy.refuse()
        try:
            yield
        finally:
            await proxy.listen()

    return inject


def flapping(caller: str, callee: str, *, every: float) -> Injection:
    """Connections are reset again and again."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        async def flap() -> None:
            while True:
                testbed.platform.proxies[caller, callee].reset()
                await asyncio.sleep(every)

        flaps = asyncio.create_task(flap())
        try:
            yield
        finally:
            flaps.cancel()

    return inject


def half_open(caller: str, callee: str) -> Injection:
    """The connections that there are carry nothing any more, and nobody is told."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        testbed.platform.proxies[caller, callee].abandon()
        yield

    return inject


def second_instance(name: str) -> Injection:
    """A second instance at the same database, while the first stands still again and again."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        platform = testbed.platform
        second, _ = another_instance(platform.topology.program(name))
        child = await start(second, platform.state.logs / f"{name}-2.log")
        await health.wait(child, partial(health.is_ready, second))

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

    return inject


def clock_off(name: str, seconds: float) -> Injection:
    """The process is started again under a wrong clock, and in the end under the right one."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        async with _with_dial(testbed, name, seconds):
            if abs(seconds) <= LEEWAY_SECONDS:
                await testbed.recovered()
            yield

    return inject


def clock_jumps(name: str, seconds: float) -> Injection:
    """The process's clock jumps while it runs."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        async with _with_dial(testbed, name, 0.0) as dial:
            await testbed.recovered()
            dial.turn(seconds)
            yield

    return inject


@asynccontextmanager
async def _with_dial(testbed: Testbed, name: str, seconds: float) -> AsyncIterator[Dial]:
    """Starts a process again that tells the time by a dial, and in the end by the machine."""
    dial = Dial(testbed.platform.state.logs / f"{name}.clock")
    dial.turn(seconds)
    testbed.platform.topology.clocks[name] = dial
    await testbed.platform.restart(name)
    try:
        yield dial
    finally:
        del testbed.platform.topology.clocks[name]
        await testbed.platform.restart(name)


@asynccontextmanager
async def all_down(testbed: Testbed) -> AsyncIterator[None]:
    """Everything is killed, and started in a random order."""
    await kill_all(testbed)
    try:
        yield
    finally:
        await start_all(testbed, random.sample(ALL, len(ALL)))


async def kill_all(testbed: Testbed) -> None:
    processes = descendants(testbed.platform.pid("postgres"))
    for name in ALL:
        await testbed.platform.kill(name)
    await wait_until_ended(processes)


async def start_all(testbed: Testbed, order: Sequence[str]) -> None:
    """Starts each when the one before it has begun to start, ready or not."""
    async with asyncio.TaskGroup() as group:
        for name in order:
            group.create_task(testbed.platform.start(name))
            await asyncio.sleep(_BEFORE_NEXT_SECONDS)


def redis_commands(*commands: str, undo: tuple[str, ...] = ()) -> Injection:
    """Redis is told something, and something else in the end."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        async with Redis.from_url(testbed.platform.topology.redis) as redis:
            for command in commands:
                await redis.execute_command(*command.split())
            try:
                yield
            finally:
                for command in undo:
                    await redis.execute_command(*command.split())

    return inject


def sql(service: str, *statements: str, undo: tuple[str, ...]) -> Injection:
    """A superuser changes a service's database, and changes it back."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        await _run(testbed, service, statements)
        try:
            yield
        finally:
            await _run(testbed, service, undo)

    return inject


async def _run(testbed: Testbed, service: str, statements: tuple[str, ...]) -> None:
    connection = await connect(testbed.platform, service, "superuser")
    try:
        # Else a database that is read-only could not be told to be so no longer.
        await connection.execute("SET default_transaction_read_only = off")
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def table_locked(service: str, table: str) -> Injection:
    """Somebody holds a table's lock and does not let go."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        connection = await connect(testbed.platform, service, "superuser")
        try:
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                yield
        finally:
            await connection.close()

    return inject


def without_descriptors(name: str) -> Injection:
    """The process can open nothing any more, and loses the connections that it made."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        pid = testbed.platform.pid(name)
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, hard))
        for (caller, _), proxy in testbed.platform.proxies.items():
            if caller == name:
                proxy.reset()
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))

    return inject
