"""Two shops that are paid with Stripe, by a commerce of their own on the platform's rows."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from deploy.local import health, ports
from deploy.local.platform import LocalPlatform
from deploy.local.processes import Child, start
from tests.commerce.conftest import Shopper
from tests.commerce.payments.stripe_server import KEY, StripeServer, stripe_server
from tests.openapi_hooks import CHECKS_OPENAPI
from tests.platform import another_gateway, connect

WEBHOOK_SECRET = "whsec_of_ours"
STRIPE = "pp_stripe_stripe"
ADDRESS = {"first_name": "Zoé", "address_1": "1 rue X", "city": "Y", "postal_code": "1"}


class Commerce:
    """A commerce that is set up with Stripe; it can be killed, and started again."""

    def __init__(self, platform: LocalPlatform, secrets: Path) -> None:
        self.address, self._internal = (f"127.0.0.1:{port}" for port in ports.free(2))
        self._platform, self._secrets = platform, secrets
        self._child: Child | None = None

    async def start(self) -> None:
        program = await asyncio.to_thread(self._platform.topology.program, "commerce")
        own = {
            "SOUK_LISTEN": self.address,
            "SOUK_INTERNAL_LISTEN": self._internal,
            "SOUK_SECRETS": str(self._secrets),
        }
        program = replace(program, environment={**program.environment, **own})
        log = self._platform.state.logs / "commerce-stripe.log"
        self._child = await start(program, log)
        await health.wait(self._child, partial(health.is_ready, program))

    async def kill(self) -> None:
        assert self._child is not None
        await self._child.kill()

    async def stop(self) -> None:
        assert self._child is not None
        await self._child.stop()


@dataclass
class Checkout:
    """The two shops, the provider, and what is stored."""

    http: httpx.AsyncClient
    stripe: StripeServer
    commerce: Commerce
    rows: asyncpg.Connection
    hosts: Callable[[str], dict[str, str]]

    def shopper(self, tenant: str) -> Shopper:
        return Shopper(self.http, self.hosts(tenant))

    async def paying(self, tenant: str, *quantities: int) -> "Paying":
        """Makes a cart that is to be paid with Stripe."""
        shop = self.shopper(tenant)
        cart = await shop.cart(
            *(quantities or (1,)), email="zoe@example.com", shipping_address=ADDRESS
        )
        return await self.at_the_till(tenant, shop, cart)

    async def paying_for(self, tenant: str, variant: str) -> "Paying":
        """Makes a cart with one of a variant, which is to be paid with Stripe."""
        shop = self.shopper(tenant)
        items = [{"variant_id": variant, "quantity": 1}]
        body = {"items": items, "email": "zoe@example.com", "shipping_address": ADDRESS}
        cart = (await shop.post("/store/carts", body))["cart"]
        return await self.at_the_till(tenant, shop, cart)

    async def at_the_till(self, tenant: str, shop: Shopper, cart: dict[str, Any]) -> "Paying":
        await shop.ship(cart)
        answer = await shop.post("/store/payment-collections", {"cart_id": cart["id"]})
        paying = Paying(self, tenant, shop, cart["id"], answer["payment_collection"]["id"])
        await paying.choose()
        return paying

    async def count(self, table: str, cart_id: str) -> int:
        number: int = await self.rows.fetchval(
            f"SELECT count(*) FROM {table} WHERE cart_id = $1",
            cart_id,
        )
        return number


@dataclass
class Paying:
    """A shopper at the till."""

    checkout: Checkout
    tenant: str
    shop: Shopper
    cart_id: str
    collection_id: str

    @property
    def sessions_path(self) -> str:
        return f"/store/payment-collections/{self.collection_id}/payment-sessions"

    @property
    def path(self) -> str:
        return f"/store/carts/{self.cart_id}"

    @property
    def intent(self) -> dict[str, Any]:
        """The newest payment of the cart at Stripe."""
        return self.checkout.stripe.of_cart(self.cart_id)[-1]

    async def choose(self) -> dict[str, Any]:
        answer = await self.shop.post(self.sessions_path, {"provider_id": STRIPE})
        [session] = answer["payment_collection"]["payment_sessions"]
        return dict(session)

    async def refused_session(self) -> tuple[int, str]:
        return await self.shop.refused("POST", self.sessions_path, {"provider_id": STRIPE})

    def pay(self, **how: str) -> None:
        self.checkout.stripe.pay(self.intent["id"], **how)

    async def cart(self) -> dict[str, Any]:
        return dict((await self.shop.get(self.path))["cart"])

    async def complete(self) -> dict[str, Any]:
        return dict(await self.shop.post(f"{self.path}/complete"))

    async def orders(self) -> int:
        return await self.checkout.count("customer_order", self.cart_id)

    async def make_due(self) -> None:
        """Lets the time pass after which the sweeper looks after what was left."""
        for table in ("attempt", "provider_session"):
            await self.checkout.rows.execute(
                f"UPDATE {table} SET due_time = due_time - interval '1 hour' WHERE cart_id = $1",
                self.cart_id,
            )


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits until something is so; the sweeper comes every five seconds."""
    async with asyncio.timeout(25):
        while not await holds():
            await asyncio.sleep(0.1)


@pytest_asyncio.fixture(scope="package")
async def stripe() -> AsyncIterator[StripeServer]:
    async with stripe_server() as server:
        yield server


@pytest_asyncio.fixture(scope="package")
async def checkout(
    platform: LocalPlatform,
    admin: httpx.AsyncClient,
    stripe: StripeServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Checkout]:
    secrets = tmp_path_factory.mktemp("stripe") / "secrets"
    shutil.copytree(platform.secrets, secrets)
    settings = {
        "secret_key": KEY,
        "webhook_secrets": ["whsec_of_before", WEBHOOK_SECRET],
        "api_base": stripe.url,
    }
    (secrets / "stripe.json").write_text(json.dumps(settings))
    hosts = {"hq": "impactnutrition.com.tn", "paris": "paris.impactnutrition.com"}
    commerce = Commerce(platform, secrets)
    await commerce.start()
    rows = await connect(platform, "commerce", "superuser")
    try:
        async with (
            another_gateway(platform, SOUK_COMMERCE=commerce.address) as url,
            httpx.AsyncClient(
                base_url=url, trust_env=False, timeout=20, event_hooks=CHECKS_OPENAPI
            ) as http,
            paid_with_stripe(http, admin.headers["Authorization"], rows, tuple(hosts)),
        ):
            yield Checkout(http, stripe, commerce, rows, lambda tenant: {"Host": hosts[tenant]})
    finally:
        await rows.close()
        await commerce.stop()


@asynccontextmanager
async def paid_with_stripe(
    http: httpx.AsyncClient, bearer: str, rows: asyncpg.Connection, tenants: tuple[str, ...]
) -> AsyncIterator[None]:
    """Lets the shops' regions take Stripe, while the block lasts."""
    of_settings = []
    for tenant in tenants:
        headers = {"Authorization": bearer, "X-Tenant-ID": tenant}
        regions = (await http.get("/admin/regions", headers=headers)).json()["regions"]
        for region in regions:
            body = {"payment_providers": ["pp_system_default", STRIPE]}
            path = f"/admin/regions/{region['id']}"
            (await http.post(path, json=body, headers=headers)).raise_for_status()
            if region["etag"] == '"0"':
                of_settings.append(region["id"])
    yield
    await rows.execute("DELETE FROM region WHERE region_id = ANY($1)", of_settings)
    await rows.execute(
        "UPDATE region SET payment_providers = $1 WHERE tenant_id = ANY($2)",
        ["pp_system_default"],
        tenants,
    )
    await rows.execute(
        "UPDATE setup_version SET version = version + 1 WHERE tenant_id = ANY($1)", tenants
    )
