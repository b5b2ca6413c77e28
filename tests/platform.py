"""A whole platform for tests: the runner's own code, real processes, a throw-away state."""

import asyncio
import os
import pickle
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import grpc
import httpx

from deploy.local import health, ports
from deploy.local.platform import LocalPlatform
from deploy.local.processes import Program, start
from deploy.local.settings import RunnerSettings
from services.kernel.call.client import channel
from services.kernel.call.credentials import Signer
from services.kernel.call.errors import from_rpc
from services.kernel.call.scope import Scope, bound
from services.kernel.data.connections import RestrictedConnection
from services.kernel.process.secret_files import SecretFile
from services.kernel.process.signing_keys import signing_key
from tests import snapshots

SHARED = "SOUK_TEST_PLATFORM"
"""Names the file that tells how to reach a platform that runs already: `make mutants` sets it."""

CURRENCIES = {"hq": "TND", "paris": "EUR", "lyon": "EUR"}
S = TypeVar("S")
_internal: dict[str, str] = {}
"""Where gateways answer operators, by where they answer everybody."""


@contextmanager
def temporary_state() -> Iterator[Path]:
    """Makes a state folder that PostgreSQL can reach when it runs as nobody, and removes it."""
    folder = Path(tempfile.mkdtemp(prefix="souk-test-"))
    folder.chmod(0o711)
    try:
        yield folder / "state"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def running(*, seed: bool = True) -> AsyncIterator[LocalPlatform]:
    """Runs a platform of its own, for tests that break things."""
    # All tests log in from one address, as one client that tries passwords would.
    os.environ.setdefault("SOUK_LOGINS_PER_MINUTE", "100000")
    with temporary_state() as state:
        platform = LocalPlatform(RunnerSettings(state=state, port=0), seed=seed)
        async with seeded(platform) if seed else migrated(platform):
            yield platform


@asynccontextmanager
async def seeded(platform: LocalPlatform) -> AsyncIterator[None]:
    """Runs a platform in a new state folder; the second one starts with what the first has done."""
    state, postgres = platform.state.folder, platform.topology.postgres
    assert postgres is not None
    async with AsyncExitStack() as stack:
        with snapshots.lock("seeded"):
            is_first = not snapshots.restore("seeded", state)
            if is_first:
                await stack.enter_async_context(migrated(platform))
                snapshots.keep("seeded", state, port=postgres.port)
        if not is_first:
            await stack.enter_async_context(platform)
        yield


@asynccontextmanager
async def migrated(platform: LocalPlatform) -> AsyncIterator[None]:
    """Runs a platform in a new state folder, on a copy of a cluster if there was one before."""
    snapshots.restore("migrated", platform.state.folder)
    async with platform:
        yield


@asynccontextmanager
async def shared() -> AsyncIterator[LocalPlatform]:
    """Gives the platform that runs already when there is one, else one of the test run's own."""
    if file := os.environ.get(SHARED):
        settings, topology = pickle.loads(Path(file).read_bytes())  # noqa: S301 - we wrote it
        platform = LocalPlatform(settings)
        platform.topology = topology
        _internal[platform.url] = platform.internal_urls["gateway"]
        yield platform
    else:
        async with running() as platform:
            _internal[platform.url] = platform.internal_urls["gateway"]
            yield platform


@asynccontextmanager
async def another_gateway(platform: LocalPlatform, **settings: str) -> AsyncIterator[str]:
    """Runs a second gateway of the platform, with settings of its own; gives its URL."""
    async with gateway_process(platform, **settings) as (url, _):
        yield url


@asynccontextmanager
async def gateway_process(
    platform: LocalPlatform, **settings: str
) -> AsyncIterator[tuple[str, int]]:
    """Does the same, and gives the process id as well."""
    program = await asyncio.to_thread(platform.topology.program, "gateway")
    program, address = another_instance(program, **settings)
    url = f"http://{address}"
    _internal[url] = f"http://{program.environment['SOUK_INTERNAL_LISTEN']}"
    child = await start(program, platform.state.logs / f"gateway-{address}.log")
    try:
        await health.wait(child, partial(health.is_ready, program))
        yield url, child.process.pid
    finally:
        await child.stop()


def another_instance(program: Program, **settings: str) -> tuple[Program, str]:
    """Tells how to run a process of ours once more, with settings of its own, and its address."""
    listen, internal = (f"127.0.0.1:{port}" for port in ports.free(2))
    own = {"SOUK_LISTEN": listen, "SOUK_INTERNAL_LISTEN": internal, **settings}
    return replace(program, environment={**program.environment, **own}), listen


async def metrics_of(client: httpx.AsyncClient) -> str:
    """Reads the metrics of the gateway that a client talks to."""
    async with httpx.AsyncClient(trust_env=False) as operator:
        url = internal_url(str(client.base_url).rstrip("/"))
        return (await operator.get(f"{url}/metrics")).text


def internal_url(url: str) -> str:
    """Returns where the gateway with this URL answers operators."""
    return _internal[url]


class Calls:
    """Calls to services in the gateway's name, each under a scope of the test's choice."""

    def __init__(self, secrets: Path, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._signer = Signer("gateway", SecretFile(secrets / "gateway.key", signing_key))
        self._channels: dict[str, grpc.aio.Channel] = {}

    def stub(
        self,
        kind: Callable[[grpc.aio.Channel], S],
        service: str,
        *,
        tenant: str | None = "paris",
        actor: str = "admins/user_test",
        permissions: Iterable[str] = (),
        currency: str | None = None,
        tenant_state: str = "",
        session: str = "",
        address: str = "",
    ) -> Any:
        """Makes a stub whose every call is scoped so; what fails is raised as a ServiceError."""
        scope = Scope(
            tenant,
            actor,
            frozenset(permissions),
            currency=currency or CURRENCIES.get(tenant or ""),
            tenant_state=tenant_state,
            session=session,
            address=address,
        )
        return _Scoped(kind(self._channel(service)), scope)

    def _channel(self, service: str) -> grpc.aio.Channel:
        if service not in self._channels:
            self._channels[service] = channel(
                self._addresses[service],
                signer=self._signer,
                audience=service,
                contract=(),  # nothing is retried: a test wants to see the first answer
            )
        return self._channels[service]

    async def close(self) -> None:
        for one in self._channels.values():
            await one.close()


class _Scoped:
    def __init__(self, stub: object, scope: Scope) -> None:
        self._stub = stub
        self._scope = scope

    def __getattr__(self, method: str) -> Callable[..., Any]:
        async def call(request: Any, **options: Any) -> Any:
            with bound(self._scope):
                try:
                    return await getattr(self._stub, method)(request, **options)
                except grpc.aio.AioRpcError as error:
                    raise from_rpc(error) from None

        return call


async def connect(platform: LocalPlatform, service: str, role: str) -> asyncpg.Connection:
    """Connects to a service's database as one of its roles (owner, app, platform) or superuser."""
    database = service.replace("-", "_")
    if role == "superuser":
        return await asyncpg.connect(platform.topology.postgres_admin, database=database)
    host, _, port = platform.topology.postgres_address.rpartition(":")
    return await asyncpg.connect(
        host=host,
        port=int(port),
        user=f"{database}_{role}",
        password=(platform.secrets / f"{database}_{role}.password").read_text(),
        database=database,
        connection_class=RestrictedConnection,
    )
