"""The whole platform on this machine, each part in its own process.

async with LocalPlatform(RunnerSettings(state=folder, port=0)) as platform:
    ...  # platform.url is ready; all processes end with the block
"""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg

from deploy.local import health, ports
from deploy.local.completed_steps import Mark, is_migrated, seed_source
from deploy.local.processes import Child, Program, start
from deploy.local.settings import RunnerSettings
from deploy.local.state import CannotStart, State
from deploy.local.topology import BACKUP, Topology
from deploy.manifest import GATEWAY, SERVICES, WITNESS, Service
from deploy.provision import CannotProvision, provision
from deploy.secrets.creation import make_secrets


class LocalPlatform:
    """Starts and stops the processes; `kill` and `start` act on a single one by its name.

    The names are postgres, valkey and those of the manifest. A process that ends unexpectedly is
    put on `ended`, and stays down until it is started again.
    """

    def __init__(
        self,
        settings: RunnerSettings,
        *,
        seed: bool = True,
        report: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.settings = settings
        self.state = State(settings.state)
        self.topology = Topology(settings, self.state)
        self.ended: asyncio.Queue[Child] = asyncio.Queue()
        self._children: dict[str, Child] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._seed = seed
        self._report = report

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.topology.port}"

    @property
    def addresses(self) -> dict[str, str]:
        """The host:port of each process of ours by name."""
        return self.topology.addresses

    @property
    def internal_urls(self) -> dict[str, str]:
        """Where each process of ours answers operators, by name."""
        return {name: f"http://{at}" for name, at in self.topology.internal_addresses.items()}

    @property
    def secrets(self) -> Path:
        return self.state.secrets

    @property
    def admin_email(self) -> str:
        """The e-mail address of the first admin."""
        return self.settings.admin

    @property
    def admin_password(self) -> str:
        return (self.secrets / "admin.password").read_text().strip()

    async def __aenter__(self) -> Self:
        self.state.acquire()
        try:
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

    async def start(self, name: str) -> None:
        """Starts one process and waits until it is healthy.

        Raises:
            CannotStart: it ended, or was not healthy in time; with the end of its log.
        """
        program = await asyncio.to_thread(self.topology.program, name)
        child = await self._launch(program, name)
        await health.wait(child, self._check(name, program))
        self._watchers[name] = asyncio.create_task(self._watch(child))
        self._report(f"{name} is ready")

    async def kill(self, name: str) -> None:
        """Kills one process, like a crash, and leaves it down."""
        await self._children[name].kill()

    async def restart(self, name: str) -> None:
        """Kills one process and starts it again."""
        await self.kill(name)
        await self.start(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Sends one process a signal, for example SIGSTOP or SIGCONT to pause or resume it."""
        self._children[name].signal(number)

    def pid(self, name: str) -> int:
        return self._children[name].process.pid

    def abandon(self) -> None:
        """Kills all running processes, when there is no time for an orderly stop."""
        for child in self._children.values():
            child.signal(signal.SIGKILL)

    async def _start(self) -> None:
        if not ports.is_free(port := self.topology.port):
            raise CannotStart(
                f"port {port} on 127.0.0.1 is taken; stop the program that listens there,"
                f" or choose another port: SOUK_PORT={port + 1} make up"
            )
        make_secrets(self.secrets)
        await _run_together(*(self.start(name) for name in self.topology.servers))
        await self._provision()
        if self.settings.backup and self.topology.postgres:
            await self.start(BACKUP)
        await _run_together(
            *(self._migrate_and_start(service) for service in SERVICES),
            *(self.start(process.name) for process in (WITNESS, GATEWAY)),
        )
        if self._seed:
            await self._add_demo_data()

    async def _add_demo_data(self) -> None:
        if await self._run_once("seed", self.topology.seed(), source=seed_source()):
            self._report("the demo data is in place")

    async def _provision(self) -> None:
        try:
            for warning in await provision(self.topology.postgres_admin, self.secrets):
                self._report(f"warning: {warning}")
        except (CannotProvision, OSError, asyncpg.PostgresError) as error:
            raise CannotStart(f"PostgreSQL: {error}") from None

    async def _migrate_and_start(self, service: Service) -> None:
        if not await is_migrated(self.topology.postgres_admin, service):
            await self._run_command(service, "migrate")
        commands = (
            self._run_once(
                f"{service.name}-{name}",
                self.topology.command(service, name),
                source=f"{self.settings.admin} {os.environ.get('SOUK_HEAD_OFFICE', '')}",
            )
            for name in service.commands_after_migrate
        )
        await _run_together(self.start(service.name), *commands)

    async def _run_once(self, step: str, program: Program, *, source: str) -> bool:
        """Runs a program unless an earlier start did; returns whether it ran.

        A database elsewhere may be another one than at the last start, so there it runs again.
        """
        mark = Mark(self.state.folder / "postgres", step, source=source)
        is_embedded = self.topology.postgres is not None
        if is_embedded and mark.is_set():
            return False
        await self._run(program, step)
        if is_embedded:
            mark.set()
        return True

    async def _run_command(self, service: Service, name: str) -> None:
        await self._run(self.topology.command(service, name), f"{service.name}-{name}")

    async def _run(self, program: Program, name: str) -> None:
        """Runs a program to its end; it must succeed."""
        child = await self._launch(program, name)
        if await child.process.wait() != 0:
            raise CannotStart(child.describe_exit())
        del self._children[name]

    async def _launch(self, program: Program, name: str) -> Child:
        child = self._children[name] = await start(program, self.state.logs / f"{name}.log")
        return child

    def _check(self, name: str, program: Program) -> Callable[[], Coroutine[None, None, bool]]:
        if name == "postgres" and self.topology.postgres:
            return self.topology.postgres.is_ready
        if name == "valkey" and self.topology.valkey:
            return self.topology.valkey.is_ready
        if name == BACKUP:
            return self._receives_log
        return partial(health.is_ready, program)

    async def _receives_log(self) -> bool:
        return any((self.state.folder / "wal-spool").glob("*.partial"))

    async def _watch(self, child: Child) -> None:
        await child.process.wait()
        if not child.expected:
            self.ended.put_nowait(child)

    async def _stop(self) -> None:
        """Stops in reverse order of starting, so that no process loses a dependency."""
        last = [name for name in ("valkey", BACKUP, "postgres") if name in self._children]
        first = [name for name in self._children if name not in (*last, "gateway")]
        for names in (["gateway"] if "gateway" in self._children else [], first, last):
            stopped = await asyncio.gather(*(self._children[name].stop() for name in names))
            for name, in_time in zip(names, stopped, strict=True):
                if not in_time:
                    self._report(f"{name} did not stop in time and was killed")
        for watcher in self._watchers.values():
            watcher.cancel()
        self.state.release()


async def _run_together(*steps: Coroutine[Any, Any, object]) -> None:
    """Runs all concurrently; the first failure cancels the others and is the only one raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
