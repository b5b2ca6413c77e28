"""Two shops behind a hot layer, without a socket or a platform: who was asked, and who got what."""

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import generate_latest

from gateway.asgi import Scope
from gateway.header_fields import HeaderFields
from gateway.hot import Hot, HotLayer
from gateway.hot.counting import Counting
from gateway.hot.reads import HotReads
from gateway.hot.versions import PolledVersions
from gateway.medusa import errors
from gateway.medusa.errors import Problem
from gateway.metrics import Metrics
from gateway.request_state import Client, RequestState, attach, of_scope
from gateway.store import HOT_READS, SETUP_READS
from gateway.tenancy import KnownTenant, Resolution, Source, unknown_shop
from tests.gateway.known_tenants import known_tenant

LIST = "/store/products"


@dataclass
class Response:
    status: int
    headers: dict[bytes, bytes]
    body: bytes
    request_id: str
    scope: Scope

    @property
    def product(self):
        return json.loads(self.body)["product"]


@dataclass
class Shops:
    """What routes, catalogue and commerce say, to be changed by tests; and what they were asked."""

    products: dict[str, str] = field(default_factory=lambda: {"paris": "whey", "lyon": "tea"})
    versions: dict[str, int] = field(default_factory=lambda: {"paris": 1, "lyon": 1})
    setups: dict[str, int] = field(default_factory=lambda: {"paris": 1, "lyon": 1})
    tenants: dict[str, KnownTenant] = field(
        default_factory=lambda: {one: known_tenant(one) for one in ("hq", "paris", "lyon")}
    )
    requests: list[Scope] = field(default_factory=list)
    polls: list[list[str]] = field(default_factory=list)
    stock: dict[str, int] = field(default_factory=lambda: {"paris": 5, "lyon": 7})
    counts: list[tuple[str, list[str]]] = field(default_factory=list)
    setup_polls: list[list[str]] = field(default_factory=list)
    most_bytes: int = 1024 * 1024
    padding: int = 0
    is_silent: bool = False
    fails: bool = False
    setup_is_lost: bool = False
    is_last_known: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    counting_gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self):
        self.gate.set()
        self.counting_gate.set()
        self.metrics = Metrics()
        tenancy: Any = self
        self.hot = Hot(
            tenancy,
            PolledVersions("catalogue", self.fetch, self.metrics),
            PolledVersions("setup", self.fetch_setups, self.metrics),
            Counting(self.count),
            self.metrics,
            head_office="hq",
            most_bytes=self.most_bytes,
        )
        reads = HotReads(HOT_READS, of_setup=SETUP_READS)
        self.layer = HotLayer(self.routes, lambda: self.hot, reads)

    async def fallback(self):
        if "hq" not in self.tenants:
            raise unknown_shop()
        return self.tenants["hq"]

    async def find(self, tenant_id):
        return self.tenants.get(tenant_id)

    async def fetch(self, tenants):
        self.polls.append(list(tenants))
        if self.is_silent:
            await asyncio.Event().wait()
        return {one: self.versions[one] for one in tenants if one in self.versions}

    async def fetch_setups(self, tenants):
        self.setup_polls.append(list(tenants))
        if self.setup_is_lost:
            raise ConnectionError
        return {one: self.setups[one] for one in tenants if one in self.setups}

    async def count(self, tenant, variants):
        self.counts.append((tenant.id, list(variants)))
        await self.counting_gate.wait()
        return [self.stock[tenant.id] for _ in variants]

    def change(self, tenant_id, product):
        """Changes what a shop shows, as a transaction does: with its version."""
        self.products[tenant_id] = product
        self.versions[tenant_id] += 1

    async def routes(self, scope, receive, send):
        """Answers as the routes do: with what the shop shows, or that there is no such product."""
        self.requests.append(scope)
        state = of_scope(scope)
        found = state.get(Resolution)
        shop = found.found.id if found and found.found else "nobody"
        product = self.products.get(shop, "")
        state.is_last_known = self.is_last_known
        await self.gate.wait()
        await receive()
        scope["route"] = "a route"
        if scope["path"].endswith("/none"):
            answer = errors.response(
                Problem(404, "not_found", "PRODUCT_NOT_FOUND", "No such product: none"),
                state.request_id,
            )
            headers, body = answer.raw_headers, answer.body
        else:
            body = json.dumps(
                {"shop": shop, "product": product, "more": "m" * self.padding}
            ).encode()
            if b"inventory_quantity" in scope["query_string"]:
                state.counted_variants += [f"{product}_1", f"{product}_2"]
                body = body[:-1] + b', "quantities": [\tnull,\tnull]}'
            headers = [(b"content-type", b"application/json")]
            headers.append((b"content-length", str(len(body)).encode()))
        status = 404 if scope["path"].endswith("/none") else 503 if self.fails else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def get(self, tenant_id, target=LIST, *, headers=(), method="GET"):
        """Sends a request as the guard passes it on."""
        path, _, query = target.partition("?")
        named = self.tenants.get(tenant_id)
        pairs = [(name.encode(), value.encode()) for name, value in dict(headers).items()]
        state = RequestState(
            uuid.uuid4().hex, fields=HeaderFields(pairs), client=Client("203.0.113.9")
        )
        source = Source.HOST if tenant_id else Source.FALLBACK
        state.put(Resolution(named, source, tenant_id))
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": pairs,
            "client": ("203.0.113.9", 50_000),
            "state": {},
        }
        attach(scope, state)
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        await self.layer(scope, receive, send)
        start, *bodies = sent
        body = b"".join(one.get("body", b"") for one in bodies)
        return Response(start["status"], dict(start["headers"]), body, state.request_id, scope)

    async def write(self, change):
        """Changes something through the gateway."""
        routes = self.layer._app

        async def writing(scope, receive, send):
            change()
            of_scope(scope).events = ["tenants/paris/events/evt_1"]  # as every act leaves one
            await routes(scope, receive, send)

        self.layer._app = writing
        try:
            return await self.get("", "/admin/anything", method="POST")
        finally:
            self.layer._app = routes

    def counted(self, result):
        text = generate_latest(self.metrics.registry).decode()
        line = f'souk_hot_answers_total{{result="{result}"}} '
        found = [one for one in text.splitlines() if one.startswith(line)]
        return float(found[0].removeprefix(line)) if found else 0.0
