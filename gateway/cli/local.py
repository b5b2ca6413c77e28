"""The whole platform on this machine, each part its own process.

    async with LocalPlatform(RunnerSettings(state=folder, port=0)) as platform:
        ...  # platform.url answers; everything ends with the block
"""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from gateway.cli import health, ports
from gateway.cli.postgres import Postgres
from gateway.cli.processes import Child, Program, start
from gateway.cli.redis import Valkey
from gateway.cli.settings import RunnerSettings
from gateway.cli.state import CannotStart, State
from services.kernel.keys import DATABASES, make_secrets
from services.kernel.provision import CannotProvision, provision

ROOT = Path(__file__).resolve().parents[2]
SERVICES = tuple(database.replace("_", "-") for database in DATABASES)


def _silent(_line: str) -> None: ...


class LocalPlatform:
    """Starts, watches and stops the processes of a platform that lives in one state folder.

    `report` gets a line for each thing worth telling. A process that ends unasked is reported with
    its last words; whoever supervises starts it again, see `ended`.
    """

    def __init__(
        self,
        settings: RunnerSettings,
        *,
        seed: bool = True,
        report: Callable[[str], None] = _silent,
    ) -> None:
        self.settings = settings
        self.state = State(settings.state)
        self.secrets = self.state.secrets
        self.children: dict[str, Child] = {}
        self.ended: asyncio.Queue[str] = asyncio.Queue()
        """Names of the processes that ended although nobody told them to."""
        self._seed = seed
        self._report = report
        self._watchers: set[asyncio.Task[None]] = set()
        self._choose_addresses()

    def _choose_addresses(self) -> None:
        port, postgres, valkey, *rest = ports.free(3 + len(SERVICES))
        self.port = self.settings.port or port
        self.addresses = {
            name: f"127.0.0.1:{port}" for name, port in zip(SERVICES, rest, strict=True)
        }
        self._postgres: Postgres | None = None
        self._valkey: Valkey | None = None
        if self.settings.postgres_admin is None:
            self._postgres = Postgres(self.state.folder, self.secrets, postgres)
        if self.settings.redis is None:
            self._valkey = Valkey(self.state.folder, self.secrets, valkey)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def postgres_admin(self) -> str:
        """The URL of PostgreSQL's superuser."""
        return self._postgres.admin_url if self._postgres else str(self.settings.postgres_admin)

    @property
    def postgres(self) -> str:
        """PostgreSQL's host:port."""
        parts = urlsplit(self.postgres_admin)
        return f"{parts.hostname}:{parts.port or 5432}"

    @property
    def redis(self) -> str:
        """Redis's URL, password included."""
        return self._valkey.url if self._valkey else str(self.settings.redis)

    async def __aenter__(self) -> Self:
        self.state.acquire()
        try:
            if not ports.is_free(self.port):
                raise CannotStart(
                    f"port {self.port} of 127.0.0.1 is taken; stop what listens there,"
                    f" or take another: SOUK_PORT={self.port + 1} make up"
                )
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stop()

    async def _start(self) -> None:
        make_secrets(self.secrets)
        await asyncio.gather(*(self.start(name) for name in self._servers()))
        try:
            for warning in await provision(self.postgres_admin, self.secrets):
                self._report(f"warning: {warning}")
        except CannotProvision as error:
            raise CannotStart(str(error)) from None
        await asyncio.gather(*(self._run(f"migrate-{name}", name, "migrate") for name in SERVICES))
        await self._run("bootstrap", "tenant-registry", "bootstrap")
        self._report("databases are migrated")
        await asyncio.gather(*(self.start(name) for name in (*SERVICES, "gateway")))
        if self._seed:
            await self.seed()

    def _servers(self) -> list[str]:
        embedded = {"postgres": self._postgres, "valkey": self._valkey}
        return [name for name, server in embedded.items() if server]

    async def start(self, name: str) -> None:
        """Starts one process by its name and waits until it is healthy.

        Raises:
            CannotStart: it ended, or did not become healthy in time; with its last words.
        """
        program = await asyncio.to_thread(self._program, name)
        child = await start(program, self.state.logs / f"{name}.log")
        self.children[name] = child
        await health.wait(child, self._healthy(name))
        self._watch(name, child)

    def _program(self, name: str) -> Program:
        match name:
            case "postgres" if self._postgres:
                return self._postgres.prepare()
            case "valkey" if self._valkey:
                return self._valkey.prepare()
            case "gateway":
                return self._python(name, "gateway")
            case _:
                return self._python(name, f"services.{name.replace('-', '_')}", "serve")
    def _python(self, name: str, module: str, *arguments: str) -> Program:
        return Program(
            name=name,
            arguments=(sys.executable, "-m", module, *arguments),
            environment=self._environment(name),
            folder=ROOT,
        )

    def _environment(self, name: str) -> dict[str, str]:
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("SOUK_POSTGRES", "SOUK_REDIS", "SOUK_LISTEN", "SOUK_AUDIT"))
        }
        own = {"SOUK_SECRETS": str(self.secrets), "SOUK_ADMIN_EMAIL": self.settings.admin}
        if name == "gateway":
            own |= {f"SOUK_{service.replace('-', '_').upper()}": self.addresses[service] for service in SERVICES}
            own |= {"SOUK_LISTEN": f"127.0.0.1:{self.port}", "SOUK_REDIS": self.redis}
        elif name in SERVICES:
            own |= {"SOUK_LISTEN": self.addresses[name], "SOUK_POSTGRES": self.postgres}
            if name != "audit":
                own["SOUK_AUDIT"] = self.addresses["audit"]
        return inherited | own
