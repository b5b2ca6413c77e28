"""Runs a service: the `serve` and `migrate` commands, shared by all services."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import uvloop
from google.protobuf import descriptor_pool
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from sqlalchemy import URL

from services.kernel.call import credentials, method_rules
from services.kernel.call.errors import Unavailable
from services.kernel.call.mutual_tls import server_credentials
from services.kernel.call.scope import log_context
from services.kernel.data import connections, requests
from services.kernel.data import database as db
from services.kernel.evidence import relay
from services.kernel.evidence.denials import Denials
from services.kernel.evidence.event_signatures import EventKey
from services.kernel.operation import endpoints, listener, metrics
from services.kernel.process import logs
from services.kernel.process.settings import ServiceSettings, load
from services.kernel.process.signing_keys import signing_key
from services.kernel.serving import migration_state
from services.kernel.serving.health import Health
from services.kernel.serving.interceptor import Guard

DRAIN_SECONDS = 20
# Callers learn at once over their health streams; this allows for a busy machine.
LEAVE_SECONDS = 1.0
_RETRY_SECONDS = 0.5
_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a second server on the same port must fail, not share
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Below the interval of our clients, who would otherwise be cut off for their pings.
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    # Clients who reconnect look up the name anew, and so find instances that were added.
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.max_connection_age_grace_ms", 20_000),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.max_metadata_size", 16 * 1024),
)

Servicer = tuple[Callable[[Any, Any], None], Any]
"""An add_…Servicer_to_server function and its servicer."""


@dataclass
class Runtime:
    """What a service builds its servicers from."""

    settings: ServiceSettings
    db: db.Database
    denials: Denials = field(init=False)

    def __post_init__(self) -> None:
        self.denials = Denials(self.db)


async def _anybody(_runtime: Runtime) -> None:
    """Refuses nobody: the scope says all that there is to know of a caller."""


@dataclass(frozen=True)
class Service:
    """A service, as its `__main__.py` declares it.

    `name` is the same everywhere: host, key and, with underscores, folder and database. `build`
    makes the servicers; `commands` are those of `python -m services.…` besides serve and migrate;
    `chores` run in the background until the service stops. `check_caller` comes before each call,
    and refuses callers who were let in once, and are not any more.
    """

    name: str
    build: Callable[[Runtime], Sequence[Servicer]]
    commands: dict[str, Callable[[Runtime], Awaitable[None]]] = field(default_factory=dict)
    chores: Sequence[Callable[[Runtime], Coroutine[Any, Any, None]]] = ()
    check_caller: Callable[[Runtime], Awaitable[None]] = _anybody

    @property
    def database(self) -> str:
        return self.name.replace("-", "_")

    @property
    def migrations(self) -> Path:
        return Path(__file__).parents[2] / self.database / "migrations"


def main(service: Service) -> None:
    """Runs the command given on the command line."""
    commands = ("serve", "migrate", *service.commands)
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        raise SystemExit(f"usage: python -m services.{service.database} {{{','.join(commands)}}}")
    settings, command = load(ServiceSettings), sys.argv[1]
    logs.configure(service.name, settings.log_level, log_context)
    if command == "migrate":
        from services.kernel.serving import migrations  # Alembic, which no other command waits for

        migrations.upgrade(service.migrations, _url(settings, service.database, "owner"))
    else:
        uvloop.run(_run(service, settings, command))


def _url(settings: ServiceSettings, database: str, role: str) -> URL:
    password = settings.secret(f"{database}_{role}.password")
    return connections.url(settings.postgres, database, role, password)


async def _run(service: Service, settings: ServiceSettings, command: str) -> None:
    key = settings.secret_file(f"{service.name}.key", partial(EventKey, service.name))
    database = db.Database(
        _url(settings, service.database, "app"),
        _url(settings, service.database, "platform"),
        secrets=settings.secrets,
        head_office=settings.head_office,
        sign=lambda envelope: key().sign(envelope),
    )
    runtime = Runtime(settings, database)
    try:
        if command == "serve":
            await _serve(service, runtime)
        else:
            await _open(service, database)
            await service.commands[command](runtime)
    finally:
        await database.close()


async def _open(service: Service, database: db.Database) -> None:
    """Waits for the database and for this version's tables, so that no start order matters."""
    awaited = migration_state.newest(service.migrations)
    while True:
        try:
            await database.open()
            [(found,)] = await database.call_platform(migration_state.STATEMENT)
            if found >= awaited:
                return
            logs.logger().warning("migrations_awaited", found=found, awaited=awaited)
        except Unavailable as error:
            if isinstance(error.__cause__, FileNotFoundError):  # a missing secret will not appear
                raise
            logs.logger().warning("database_awaited", reason=error.reason)
        await database.close()
        await asyncio.sleep(_RETRY_SECONDS)


async def _serve(service: Service, runtime: Runtime) -> None:
    status = Health()
    app = endpoints.create_app(readiness=status.readiness, metrics=metrics.page)
    async with listener.serving(listener.bind(runtime.settings.internal_listen), app):
        await _open(service, runtime.db)
        await _serve_calls(service, runtime, status)


async def _serve_calls(service: Service, runtime: Runtime, status: Health) -> None:
    server, names = _server(service, runtime)
    health_pb2_grpc.add_HealthServicer_to_server(status.servicer, server)
    reflection.enable_server_reflection((*names, health.SERVICE_NAME), server)
    if (certificate := runtime.settings.certificate) is None:
        server.add_insecure_port(runtime.settings.listen)
    else:
        server.add_secure_port(runtime.settings.listen, server_credentials(certificate))
    stopping, stopped = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await status.take_calls()
    await server.start()
    logs.logger().info("serving", listen=runtime.settings.listen)
    chores, relaying = [asyncio.create_task(status.watch(runtime.db))], None
    chores += [asyncio.create_task(chore(runtime)) for chore in service.chores]
    if runtime.settings.audit:
        chores.append(asyncio.create_task(requests.remove_expired(runtime.db)))
        signer = credentials.Signer(
            service.name, runtime.settings.secret_file(f"{service.name}.key", signing_key)
        )
        relaying = asyncio.create_task(
            relay.run(
                runtime.db,
                to=runtime.settings.audit,
                signer=signer,
                certificate=certificate,
                stopped=stopped,
            )
        )
    await stopping.wait()
    await status.drain()
    await asyncio.sleep(LEAVE_SECONDS)
    await server.stop(DRAIN_SECONDS)
    # Only now: the relay also delivers what the last calls have left.
    stopped.set()
    for chore in chores:
        chore.cancel()
    if relaying is not None:
        await relaying
    logs.logger().info("stopped")


def _server(service: Service, runtime: Runtime) -> tuple[grpc.aio.Server, list[str]]:
    servicers = service.build(runtime)
    names = [_service_name(add) for add, _ in servicers]
    pool = descriptor_pool.Default()
    rules = method_rules.rules(pool.FindServiceByName(name) for name in names)
    callers = runtime.settings.secret_file("callers.json", credentials.callers)
    guard = Guard(
        rules,
        credentials.Verifier(callers, service.name),
        runtime.denials,
        partial(service.check_caller, runtime),
        has_certificates=runtime.settings.certificate is not None,
    )
    # Beyond this number, calls would only wait for the pools until they are refused there.
    server = grpc.aio.server(interceptors=[guard], options=_OPTIONS, maximum_concurrent_rpcs=512)
    for add, servicer in servicers:
        add(servicer, server)
    return server, names


def _service_name(add: Callable[[Any, Any], None]) -> str:
    """Returns which gRPC service an add_…Servicer_to_server function registers."""
    names: list[str] = []

    class Recorder:
        def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
            names.extend(handler.service_name() for handler in handlers)

        def add_registered_method_handlers(self, name: str, handlers: object) -> None: ...

    class AnyMethods:
        def __getattr__(self, name: str) -> object:
            return None

    add(AnyMethods(), Recorder())
    return names[0]
