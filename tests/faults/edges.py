"""A platform with a fault proxy in every edge between two of its processes."""

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

Edges = tuple[tuple[str, str], ...]
EDGES: Edges = (
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

    def __init__(self, settings: RunnerSettings, state: State, edges: Edges) -> None:
        super().__init__(settings, state)
        assert self.postgres is not None, "it breaks its own servers, and nobody else's"
        assert self.valkey is not None
        self._true = self.addresses | {
            "postgres": f"127.0.0.1:{self.postgres.port}",
            "valkey": f"127.0.0.1:{self.valkey.port}",
        }
        self.edges = {
            edge: Proxy(port, self._true[edge[1]])
            for edge, port in zip(edges, ports.free(len(edges)), strict=True)
        }
        self.clocks: dict[str, Dial] = {}
        """By what a process that is started tells the time, if not by the machine's clock."""

    def program(self, name: str) -> Program:
        plain = super().program(name)
        told = dict(plain.environment)
        for (who, whom), proxy in self.edges.items():
            if who == name:
                told |= {
                    key: value.replace(self._true[whom], proxy.address)
                    for key, value in told.items()
                    if key.startswith("SOUK_") and key != "SOUK_LISTEN"
                }
        return replace(plain, environment=told, arguments=self._at_its_time(name, plain.arguments))

    def _at_its_time(self, name: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
        if name not in self.clocks:
            return arguments
        python, dash_m, *module = arguments
        return (python, dash_m, "tests.faults.clock", str(self.clocks[name].path), *module)


class Wired(LocalPlatform):
    """A local platform; `platform.edges["gateway", "valkey"]` is the proxy between those two."""

    def __init__(self, state: Path, *, edges: Edges) -> None:
        super().__init__(RunnerSettings(state=state, port=0), seed=False)
        self.topology: TopologyWithProxies = TopologyWithProxies(self.settings, self.state, edges)
        self.edges = self.topology.edges

    def runs(self, name: str) -> bool:
        """Tells whether a process has not ended, by itself or otherwise."""
        return self._children[name].running

    @property
    def front(self) -> str:
        """The gateway's URL, through its proxy when it has one."""
        proxy = self.edges.get(("client", "gateway"))
        return f"http://{proxy.address}" if proxy else self.url


@asynccontextmanager
async def wired(edges: Edges) -> AsyncIterator[Wired]:
    """Runs a platform with a proxy in each of these edges."""
    with temporary_state() as state:
        platform = Wired(state, edges=edges)
        for proxy in platform.edges.values():
            await proxy.listen()
        try:
            async with migrated(platform):
                yield platform
        finally:
            for proxy in platform.edges.values():
                await proxy.refuse()
