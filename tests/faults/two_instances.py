"""A platform with two instances of each process of ours, replaced one after the other."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from deploy.local import health, ports
from deploy.local.platform import LocalPlatform
from deploy.local.processes import Child, Program, start
from deploy.local.settings import RunnerSettings
from deploy.local.state import State
from deploy.local.topology import Topology
from deploy.manifest import GATEWAY, SERVICES
from tests.platform import migrated, temporary_state

NAMES = tuple(process.name for process in (*SERVICES, GATEWAY))
_SEEN_WITHIN_SECONDS = 20.0
_ESTABLISHED = "01"


class TopologyOfTwo(Topology):
    """Gives everybody the addresses of both instances of a service."""

    def __init__(self, settings: RunnerSettings, state: State) -> None:
        super().__init__(settings, state)
        self.first = self.addresses
        self.second, self.second_internal = (
            dict(zip(NAMES, (f"127.0.0.1:{port}" for port in ports.free(len(NAMES))), strict=True))
            for _ in range(2)
        )

    def program(self, name: str) -> Program:
        plain = super().program(name)
        environment = dict(plain.environment)
        for service in (process.name for process in SERVICES):
            first = self.first[service]
            for key, value in environment.items():
                if key != "SOUK_LISTEN" and value == first:
                    environment[key] = f"ipv4:{first},{self.second[service]}"
        return replace(plain, environment=environment)

    def second_program(self, name: str) -> Program:
        """Tells how to run the second instance."""
        first = self.program(name)
        listen = {
            "SOUK_LISTEN": self.second[name],
            "SOUK_INTERNAL_LISTEN": self.second_internal[name],
        }
        return replace(first, environment={**first.environment, **listen})


class TwoInstances:
    """The platform, and the second instances beside it."""

    def __init__(self, platform: LocalPlatform, topology: TopologyOfTwo) -> None:
        self.platform = platform
        self._topology = topology
        self._second: dict[str, Child] = {}

    @property
    def urls(self) -> tuple[str, str]:
        """Where the two gateways are."""
        return self.platform.url, f"http://{self._topology.second['gateway']}"

    async def start(self, name: str) -> None:
        """Starts a second instance and waits until it is healthy."""
        program = self._topology.second_program(name)
        log = self.platform.state.logs / f"{name}-2.log"
        child = self._second[name] = await start(program, log)
        await health.wait(child, partial(health.is_ready, program))

    async def replace_both(self, name: str) -> None:
        """Replaces both instances of a process: each only while the other is in use."""
        await self._in_use(name, self._topology.second[name])
        assert await self.platform._children[name].stop()
        await self.platform.start(name)
        await self._in_use(name, self._topology.first[name])
        assert await self._second[name].stop()
        await self.start(name)

    async def _in_use(self, name: str, address: str) -> None:
        """Waits until both gateways are connected to an instance; they look for one each second."""
        if name == "gateway":
            return
        gateways = self.platform.pid("gateway"), self._second["gateway"].process.pid
        async with asyncio.timeout(_SEEN_WITHIN_SECONDS):
            while not all(is_connected(pid, address) for pid in gateways):
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        for child in self._second.values():
            await child.stop()


def is_connected(pid: int, address: str) -> bool:
    """Tells whether a process has a connection to an address of this machine."""
    hex_address = f"0100007F:{int(address.rpartition(':')[2]):04X}"
    # gRPC's sockets speak IPv6, to IPv4 addresses too.
    tables = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
    lines = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
    sockets = {
        f"socket:[{line[9]}]"
        for line in lines
        if line[2].endswith(hex_address) and line[3] == _ESTABLISHED
    }
    return any(_target(link) in sockets for link in Path(f"/proc/{pid}/fd").iterdir())


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except FileNotFoundError:  # closed since we looked
        return ""


@asynccontextmanager
async def two_instances() -> AsyncIterator[TwoInstances]:
    with temporary_state() as state:
        settings = RunnerSettings(state=state, port=0)
        platform = LocalPlatform(settings, seed=False)
        platform.topology = topology = TopologyOfTwo(settings, platform.state)
        async with migrated(platform):
            instances = TwoInstances(platform, topology)
            try:
                for name in NAMES:
                    await instances.start(name)
                yield instances
            finally:
                await instances.stop()
