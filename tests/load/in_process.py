"""What a read costs this process: bytes of a request in, bytes of its answer out, no sockets.

CPU time, so that what else the machine does cancels out; the floor is uvicorn that sends the same.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from gateway.app import create_api
from gateway.asgi import App, Scope
from gateway.edge.body_budget import BodyBudget
from gateway.edge.bounded import Bounded
from gateway.edge.client_address import Addresses
from gateway.edge.draining import Draining
from gateway.edge.fair_queue import FairQueue, RefusalPace
from gateway.edge.guard import Edge, Guard
from gateway.edge.protocol import SoukProtocol
from gateway.edge.request_log import RequestLog
from gateway.hot import Hot, HotLayer
from gateway.hot.counting import Counting
from gateway.hot.reads import HotReads
from gateway.hot.versions import PolledVersions
from gateway.limits.admission import Admission
from gateway.limits.limiter import Limiter
from gateway.metrics import Metrics
from gateway.store import HOT_READS, SETUP_READS
from gateway.tenancy import Tenancy
from gateway.tenancy.hosts import Hosts
from gateway.tenancy.redis_tenants import RedisTenants
from tests.gateway.known_tenants import known_tenant
from tests.load.bench import LIST, PARIS, request
from tests.load.floor import app as floor_app

REQUESTS = 800
ROUNDS = 25
CONNECTIONS = 16
BODY_BYTES = 110_000
# As a browser sends them.
HEADERS = {
    "host": PARIS,
    "accept": "application/json",
    "accept-encoding": "identity",
    "accept-language": "fr",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
    "connection": "keep-alive",
}


class _Discarding(asyncio.Transport):
    """A connection whose client takes everything at once."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.7", 50_000), "sockname": ("192.0.2.1", 80)})
        self.sent = 0

    def write(self, data: Any) -> None:
        self.sent += len(data)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def versions(tenants: Sequence[str]) -> Mapping[str, int]:
    return dict.fromkeys(tenants, 1)


def gateway(body: bytes) -> tuple[App, App, Hot]:
    """Returns guard and hot layer in front of routes that send a body, and guard and real routes.

    The real routes have nobody to ask: only those that need nobody answer.
    """
    metrics, nobody = Metrics(), cast(Any, None)  # whom hot reads do not ask
    redis = RedisTenants("redis://127.0.0.1:1", cast(Any, lambda: (b"key",)))
    tenancy = Tenancy(nobody, redis, base_domain="impactnutrition.com", fallback="hq")
    tenancy._memory.put(known_tenant("paris", plan="large"), requested_at=time.monotonic() + 3600)
    tenancy._memory.put_owner("host", PARIS, "paris")
    admission = Admission(Limiter(nobody), tenancy, metrics, logins_per_minute=20)
    edge = Edge(
        base_domain="impactnutrition.com",
        hosts=Hosts("impactnutrition.com", ()),
        addresses=Addresses([]),
        tenancy=tenancy,
        admission=admission,
        refusal_pace=RefusalPace(),
        metrics=metrics,
        request_log=RequestLog(),
        upload_bytes=1 << 20,
    )
    catalogues, setups = [PolledVersions(of, versions, metrics) for of in ("catalogue", "setup")]
    hot = Hot(
        tenancy,
        catalogues,
        setups,
        Counting(nobody),
        metrics,
        head_office="paris",
        most_bytes=1 << 26,
    )

    async def reads_body(scope: Scope) -> bool:
        return False

    reads = HotReads(HOT_READS, of_setup=SETUP_READS)
    layer = HotLayer(cast(App, floor_app(body)), lambda: hot, reads)
    api, fair_queue = create_api(), FairQueue()
    api.state.runtime = SimpleNamespace(tenancy=tenancy)
    routes = Bounded(api, lambda _: fair_queue)
    return Guard(layer, lambda: edge, reads_body), Guard(routes, lambda: edge, reads_body), hot


@dataclass(frozen=True)
class Way:
    """A request, and who answers it."""

    app: App
    protocol: type[HttpToolsProtocol]
    sent: bytes


async def least_spent(ways: Mapping[str, Way]) -> dict[str, float]:
    """Returns the fewest CPU seconds of each way, of rounds in turns."""
    least = dict.fromkeys(ways, float("inf"))
    with discarded_lines():
        for _ in range(ROUNDS):
            for name, way in ways.items():
                least[name] = min(least[name], await _spent(way))
    return least


async def _spent(way: Way) -> float:
    """Returns the CPU seconds of requests on some connections."""
    config = uvicorn.Config(
        cast(Any, way.app),
        http=way.protocol,
        log_config=None,
        lifespan="off",
        access_log=False,
        proxy_headers=False,
    )
    config.load()
    server_state = {"body_budget": BodyBudget(Addresses([])), "draining": Draining()}
    ends, transports = [], []
    for _ in range(CONNECTIONS):
        end, transport = way.protocol(config, ServerState(), server_state), _Discarding()
        end.connection_made(transport)
        ends.append(end)
        transports.append(transport)
    began = time.process_time()
    for _ in range(REQUESTS // CONNECTIONS):
        for end in ends:
            end.data_received(way.sent)
        while not all(end.cycle.response_complete for end in ends):
            await asyncio.sleep(0)
    await asyncio.sleep(0)  # the last lines of the log
    took = time.process_time() - began
    for end in ends:
        end.connection_lost(None)
    assert len({transport.sent for transport in transports}) < 3
    return took


@contextlib.contextmanager
def discarded_lines() -> Iterator[None]:
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


async def each_in_process() -> None:
    """Prints the CPU time of reads through guard, hot layer and our protocol, and of the floor.

    The least of many rounds: all else is what the machine did besides.
    """
    logging.getLogger("gateway.request").setLevel(logging.INFO)
    body = b"m" * BODY_BYTES
    memory, routes, hot = gateway(body)
    floor, read = cast(App, floor_app(body)), request("GET", LIST, HEADERS)
    known = request("GET", LIST, HEADERS | {"if-none-match": "*"})
    ways = {
        "raw uvicorn (the floor)": Way(floor, HttpToolsProtocol, read),
        "a hot list": Way(memory, SoukProtocol, read),
        "a hot list that is known, 304": Way(memory, SoukProtocol, known),
        "regions, by their route": Way(
            routes, SoukProtocol, request("GET", "/store/locales", HEADERS)
        ),
    }
    least = await least_spent(ways)
    await hot.close()
    print("\nIn process, without sockets, with the log line")
    for name, seconds in least.items():
        print(f"  {name:<32}{1e6 * seconds / REQUESTS:6.0f} µs of CPU each")
