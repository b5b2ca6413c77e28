"""A platform with a fault proxy in every edge between two of its processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from gateway.cli import ports
from gateway.cli.local import LocalPlatform
from gateway.cli.plan import SERVICES, Plan
from gateway.cli.processes import Program
from gateway.cli.settings import RunnerSettings
from gateway.cli.state import State
from tests.faults.proxy import Proxy
from tests.platform import temporary_state

EDGES = (
    *(("gateway", other) for other in (*SERVICES, "valkey")),
    *((service, "postgres") for service in SERVICES),
    *((service, "audit") for service in SERVICES if service != "audit"),
    ("client", "gateway"),
)


class DetouredPlan(Plan):
    """A plan in which processes are told of proxies where they would be told of one another."""

    def __init__(self, settings: RunnerSettings, state: State) -> None:
        super().__init__(settings, state)
        assert self.postgres is not None, "it breaks its own servers, and nobody else's"
        assert self.valkey is not None
        self._true = self.addresses | {
            "postgres": f"127.0.0.1:{self.postgres.port}",
            "valkey": f"127.0.0.1:{self.valkey.port}",
            "gateway": f"127.0.0.1:{self.port}",
        }
        self.edges = {
            edge: Proxy(port, self._true[edge[1]])
            for edge, port in zip(EDGES, ports.free(len(EDGES)), strict=True)
        }

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
        return replace(plain, environment=told)


class Wired(LocalPlatform):
    """A local platform; `platform.edges["gateway", "valkey"]` is the proxy between those two."""

    def __init__(self, state: Path, *, seed: bool) -> None:
        super().__init__(RunnerSettings(state=state, port=0), seed=seed)
        self.plan = plan = DetouredPlan(self.settings, self.state)
        self.edges = plan.edges

    @property
    def front(self) -> str:
        """The gateway's URL through its proxy."""
        return f"http://{self.edges['client', 'gateway'].address}"


@asynccontextmanager
async def wired(*, seed: bool = True) -> AsyncIterator[Wired]:
    """Runs a platform with a proxy in each edge."""
    with temporary_state() as state:
        platform = Wired(state, seed=seed)
        for proxy in platform.edges.values():
            await proxy.listen()
        try:
            async with platform:
                yield platform
        finally:
            for proxy in platform.edges.values():
                await proxy.refuse()
