"""Clients that read, buy and write in two shops while things go wrong, and note what they see."""

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import httpx

from tests.faults.ledger import COLLECTION, DOMAIN, ORDER, REMOVAL, Act, Ledger
from tests.faults.shops import HOSTS, TENANTS, canary, other_canary

PATIENCE_SECONDS = 30.0
_BREATH_SECONDS = 0.15
_BEFORE_AGAIN_SECONDS = 0.1
# A gateway that leaves closes what lay idle for 2 seconds. Who uses a connection at that moment
# cannot tell whether anybody read the request; so it is left before.
_KEPT_SECONDS = 1.0
_ADDRESS = {"address_1": "1 rue de la Paix", "city": "Paris", "country_code": "fr"}


class Balancer(httpx.AsyncBaseTransport):
    """Takes turns among gateways, and goes to the next when one does not take the connection.

    As any balancer does; what was sent already it never sends again.
    """

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._turns = itertools.cycle(itertools.permutations([httpx.URL(url) for url in urls]))
        limits = httpx.Limits(keepalive_expiry=_KEPT_SECONDS)
        self._wire = httpx.AsyncHTTPTransport(trust_env=False, limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        *others, last = next(self._turns)
        for gateway in others:
            try:
                return await self._ask(gateway, request)
            except httpx.ConnectError:
                continue
        return await self._ask(last, request)

    async def _ask(self, gateway: httpx.URL, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host=gateway.host, port=gateway.port)
        return await self._wire.handle_async_request(request)

    async def aclose(self) -> None:
        await self._wire.aclose()


@dataclass
class Load:
    """Writers and readers of one run; `urls` is where they find gateways."""

    urls: tuple[str, ...]
    token: str
    ledger: Ledger
    breath: float = _BREATH_SECONDS
    """Seconds between two requests of one client."""
    writers: int = 3
    readers: int = 2
    buyers: int = 1
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _run: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    @asynccontextmanager
    async def on(self) -> AsyncIterator[Ledger]:
        """Goes on until the block ends; acts under way are then brought to their end."""
        stopping = asyncio.Event()
        async with self._client(self.token) as client, self._client() as shopper:
            clients = [self._write_until(stopping, client) for _ in range(self.writers)]
            clients += [self._buy_until(stopping, shopper) for _ in range(self.buyers)]
            clients += [self._read_until(stopping, client) for _ in range(self.readers)]
            async with asyncio.TaskGroup() as group:
                for one in clients:
                    group.create_task(one)
                try:
                    yield self.ledger
                finally:
                    stopping.set()

    def _client(self, token: str = "") -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.urls[0],
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=PATIENCE_SECONDS,
            transport=Balancer(self.urls),
        )

    async def _read_until(self, stopping: asyncio.Event, client: httpx.AsyncClient) -> None:
        for tenant in itertools.cycle(TENANTS):
            if stopping.is_set():
                return
            await self._visit(client, tenant)
            await asyncio.sleep(self.breath)

    async def _visit(self, client: httpx.AsyncClient, tenant: str) -> None:
        began, status = time.monotonic(), 0
        try:
            answer = await client.get("/store/products?limit=5", headers=HOSTS[tenant])
        except httpx.TransportError as error:
            self.ledger.losses[repr(error)] += 1
        else:
            status = answer.status_code
            self._look(tenant, answer)
            assert status != 200 or canary(tenant) in answer.text
        self.ledger.read(status, began)

    def _look(self, tenant: str, answer: httpx.Response) -> None:
        _check_politeness(answer)
        if other_canary(tenant) in answer.text:
            self.ledger.leaks.append(f"{answer.request.url}: {answer.text}")

    async def _write_until(self, stopping: asyncio.Event, client: httpx.AsyncClient) -> None:
        while not stopping.is_set():
            number = next(self._numbers)
            if number % 4:
                await self._act(client, *self._collection(number))
            else:
                await self._domain(client, TENANTS[number % 8 // 4], number)
            await asyncio.sleep(self.breath)

    def _collection(self, number: int) -> tuple[Act, str, str, dict[str, str]]:
        title = f"Saison {self._run} {number}"
        return (COLLECTION, title), "POST", "/admin/collections", {"title": title}

    async def _domain(self, client: httpx.AsyncClient, tenant: str, number: int) -> None:
        """Gives a tenant a domain and takes it away again: it may have a hundred."""
        host, path = (
            f"s{number}.{self._run}.{canary(tenant)}.fr",
            f"/admin/tenants/{tenant}/domains",
        )
        await self._act(client, (DOMAIN, host), "POST", path, {"host": host})
        answer = await self._try(client, "GET", path)
        if answer is not None:
            self._look(tenant, answer)
        await self._act(client, (REMOVAL, host), "DELETE", f"{path}/{host}", None)

    async def _buy_until(self, stopping: asyncio.Event, client: httpx.AsyncClient) -> None:
        for tenant in itertools.cycle(TENANTS):
            if stopping.is_set():
                return
            act = ORDER, f"{next(self._numbers)}.{self._run}@{canary(tenant)}.fr"
            self.ledger.intended.add(act)
            if await self._buy(client, tenant, email=act[1]):
                self.ledger.acknowledged.add(act)
            await asyncio.sleep(self.breath)

    async def _buy(self, client: httpx.AsyncClient, tenant: str, *, email: str) -> bool:
        """Buys what the tenant sells, step by step; returns whether there was an order in time."""

        async def step(path: str, body: object = None, method: str = "POST") -> dict[str, Any]:
            answer = await self._done(client, method, path, body, HOSTS[tenant])
            if answer is None:
                raise TimeoutError
            self._look(tenant, answer)
            return dict(answer.json())

        try:
            page = await step("/store/products?limit=1", method="GET")
            [variant] = page["products"][0]["variants"]
            items = [{"variant_id": variant["id"], "quantity": 1}]
            body = {"items": items, "email": email, "shipping_address": _ADDRESS}
            cart = (await step("/store/carts", body))["cart"]["id"]
            made = await step("/store/payment-collections", {"cart_id": cart})
            collection = f"/store/payment-collections/{made['payment_collection']['id']}"
            await step(f"{collection}/payment-sessions", {"provider_id": "pp_system_default"})
            answer = await step(f"/store/carts/{cart}/complete")
        except TimeoutError:
            return False
        assert answer["type"] == "order", answer
        assert answer["order"]["email"] == email
        return True

    async def _act(
        self, client: httpx.AsyncClient, act: Act, method: str, path: str, body: object
    ) -> None:
        self.ledger.intended.add(act)
        if await self._done(client, method, path, body):
            self.ledger.acknowledged.add(act)

    async def _done(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        body: object,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> httpx.Response | None:
        """Asks until it is acknowledged, always with the same key, as a careful client does."""
        key, ends = str(uuid.uuid4()), time.monotonic() + PATIENCE_SECONDS
        named = {"Idempotency-Key": key, **headers}
        while time.monotonic() < ends:
            answer = await self._try(client, method, path, json=body, headers=named)
            status = answer.status_code if answer is not None else 0
            # A removal has no key: that it is gone may be the first answer, lost on its way.
            if status == 200 or (method == "DELETE" and status == 404):
                return answer
            assert status in (0, 409, 503, 504), answer and answer.text
            await asyncio.sleep(_BEFORE_AGAIN_SECONDS)
        return None

    async def _try(
        self, client: httpx.AsyncClient, method: str, path: str, **more: object
    ) -> httpx.Response | None:
        began = time.monotonic()
        try:
            answer = await client.request(method, path, **more)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            self.ledger.losses[repr(error)] += 1
            self.ledger.write(0, began)
            return None
        self.ledger.write(answer.status_code, began)
        _check_politeness(answer)
        return answer


def _check_politeness(answer: httpx.Response) -> None:
    """Who is refused for now is told when to come again."""
    assert answer.status_code not in (503, 504) or "retry-after" in answer.headers, answer.text
