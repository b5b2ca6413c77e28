"""A platform with a fault proxy in each connection between two of its processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from deploy.local import ports
from deploy.local.platform import LocalPlatform
from deploy.local.processes import Program
from deploy.local.settings import RunnerSettings
from deploy.local.state import State
from deploy.local.topology import Topology
from deploy.manifest import BY_NAME, PROCESSES, SERVICES, Service
from tests.faults.clock import Dial
from tests.faults.proxy import Proxy
from tests.platform import migrated, temporary_state

Connections = tuple[tuple[str, str], ...]
CONNECTIONS: Connections = (
    *(
        (process.name, called)
        for process in PROCESSES
        for called in process.calls
        if called != process.name and isinstance(BY_NAME[called], Service)
    ),
    *((service.name, "postgres") for service in SERVICES),
    ("gateway", "valkey"),
    ("client", "gateway"),
)


class TopologyWithProxies(Topology):
    """Gives processes the addresses of proxies instead of one another's."""

    def __init__(self, settings: RunnerSettings, state: State, connections: Connections) -> None:
        super().__init__(settings, state)
        assert self.postgres is not None, "it breaks its own servers, and nobody else's"
        assert self.valkey is not None
        self._real_addresses = self.addresses | {
            "postgres": f"127.0.0.1:{self.postgres.port}",
            "valkey": f"127.0.0.1:{self.valkey.port}",
        }
        self.proxies = {
            connection: Proxy(port, self._real_addresses[connection[1]])
            for connection, port in zip(connections, ports.free(len(connections)), strict=True)
        }
        self.clocks: dict[str, Dial] = {}
        """By what a process that is started tells the time, if not by the machine's clock."""

    def program(self, name: str) -> Program:
        plain = super().program(name)
        environment = dict(plain.environment)
        for (caller, callee), proxy in self.proxies.items():
            if caller == name:
                environment |= {
                    key: value.replace(self._real_addresses[callee], proxy.address)
                    for key, value in environment.items()
                    if key.startswith("SOUK_") and key != "SOUK_LISTEN"
                }
        return replace(
            plain, environment=environment, arguments=self._with_clock(name, plain.arguments)
        )

    def _with_clock(self, name: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
        if name not in self.clocks:
            return arguments
        python, dash_m, *module = arguments
        return (python, dash_m, "tests.faults.clock", str(self.clocks[name].path), *module)


class ProxiedPlatform(LocalPlatform):
    """A local platform; `platform.proxies["gateway", "valkey"]` is the proxy between those two."""

    def __init__(self, state: Path, *, connections: Connections) -> None:
        super().__init__(RunnerSettings(state=state, port=0), seed=False)
        self.topology: TopologyWithProxies = TopologyWithProxies(
            self.settings, self.state, connections
        )
        self.proxies = self.topology.proxies

    def runs(self, name: str) -> bool:
        """Tells whether a process has not ended, by itself or otherwise."""
        return self._children[name].running

    @property
    def public_url(self) -> str:
        """The gateway's URL, through its proxy when it has one."""
        proxy = self.proxies.get(("client", "gateway"))
        return f"http://{proxy.address}" if proxy else self.url


@asynccontextmanager
async def proxied_platform(connections: Connections) -> AsyncIterator[ProxiedPlatform]:
    """Runs a platform with a proxy in each of these connections."""
    with temporary_state() as state:
        platform = ProxiedPlatform(state, connections=connections)
        for proxy in platform.proxies.values():
            await proxy.listen()
        try:
            async with migrated(platform):
                yield platform
        finally:
            for proxy in platform.proxies.values():
                await proxy.refuse()
