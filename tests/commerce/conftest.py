"""Shoppers of two shops."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.gateway.admin.conftest import enter  # noqa: F401  # a fixture

PASSWORD = "correct-horse-battery-staple"
ADDRESS = {"first_name": "Zoé", "address_1": "1 rue X", "city": "Y", "postal_code": "1"}


@dataclass
class Shopper:
    """A client of one shop; a customer's sends their token."""

    http: httpx.AsyncClient
    headers: dict[str, str]
    customer: dict[str, Any] = field(default_factory=dict)

    async def account(self, email: str = "", **more: Any) -> "Shopper":
        """Makes a customer of this shop, who is logged in."""
        login = {"email": email or f"{uuid.uuid4().hex}@example.com", "password": PASSWORD}
        early = await self.post("/auth/customer/emailpass/register", login)
        body = {"email": login["email"], **more}
        made = await self.post("/store/customers", body, headers=bearer(early["token"]))
        token = (await self.post("/auth/customer/emailpass", login))["token"]
        return Shopper(self.http, self.headers | bearer(token), made["customer"])

    async def buy(self, email: str = "zoe@example.com") -> dict[str, Any]:
        """Buys something; returns the order."""
        cart = await self.cart(1, email=email, shipping_address=ADDRESS)
        await self.ship(cart)
        body = {"cart_id": cart["id"]}
        collection = (await self.post("/store/payment-collections", body))["payment_collection"]
        path = f"/store/payment-collections/{collection['id']}/payment-sessions"
        await self.post(path, {"provider_id": "pp_system_default"})
        order: dict[str, Any] = (await self.post(f"/store/carts/{cart['id']}/complete"))["order"]
        return order

    async def send(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        headers = self.headers | options.pop("headers", {})
        return await self.http.request(method, path, json=body, headers=headers, **options)

    async def get(self, path: str, **query: Any) -> Any:
        """Reads what must be there."""
        answer = await self.send("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """Does what must succeed."""
        answer = await self.send("POST", path, body, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Tries what must fail; returns the status and the code."""
        answer = await self.send(method, path, body)
        return answer.status_code, answer.json()["code"]

    async def variants(self, count: int = 1) -> list[dict[str, Any]]:
        """Returns variants that the shop sells, each of another product.

        The oldest are the demo's, which are in stock; those that tests made may be not.
        """
        page = await self.get("/store/products", limit=count, order="created_at")
        return [product["variants"][0] for product in page["products"]]

    async def cart(self, *quantities: int, **content: Any) -> dict[str, Any]:
        """Starts a cart with so many of each of the first variants."""
        variants = await self.variants(len(quantities)) if quantities else []
        items = [
            {"variant_id": variant["id"], "quantity": quantity}
            for variant, quantity in zip(variants, quantities, strict=True)
        ]
        found: dict[str, Any] = (await self.post("/store/carts", {"items": items, **content}))[
            "cart"
        ]
        return found

    async def ship(self, cart: dict[str, Any]) -> None:
        """Chooses the cheapest way to ship a cart, if the shop ships in any."""
        found = await self.get("/store/shipping-options", cart_id=cart["id"])
        options = sorted(found["shipping_options"], key=lambda option: option["amount"])
        if options:
            chosen = {"option_id": options[0]["id"]}
            await self.post(f"/store/carts/{cart['id']}/shipping-methods", chosen)


@dataclass
class Staff:
    """Somebody with a role at one tenant."""

    tenant: str
    http: httpx.AsyncClient

    async def send(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        headers = {"X-Tenant-ID": self.tenant, **options.pop("headers", {})}
        return await self.http.request(
            method, f"/admin/{path}", json=body, headers=headers, **options
        )

    async def get(self, path: str, **query: Any) -> Any:
        """Reads what must be there."""
        answer = await self.send("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """Does what must succeed."""
        answer = await self.send("POST", path, body, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Tries what must fail; returns the status and the code."""
        answer = await self.send(method, path, body)
        return answer.status_code, answer.json()["code"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def shopper(http, host):
    """Makes a shopper of a tenant: hq, which sells in TND, or paris, in EUR."""
    return lambda tenant: Shopper(http, host(tenant))


@pytest.fixture
def paris(shopper):
    return shopper("paris")


@pytest.fixture
def hq(shopper):
    return shopper("hq")


@pytest.fixture
def staff(enter):  # noqa: F811
    """Makes somebody with a role at a tenant."""

    async def make(tenant: str, role: str = "TenantAdmin") -> Staff:
        _, client = await enter((role, tenant))
        return Staff(tenant, client)

    return make


@pytest.fixture
def logged_in(database):
    """Stores a customer of a tenant with a session, past the service; returns the ids of both."""

    async def make(tenant: str, customer_id: str = "") -> tuple[str, str]:
        rows, word = await database("commerce", "superuser"), uuid.uuid4().hex
        customer_id = customer_id or f"cus_{word}"
        await rows.execute(
            "INSERT INTO customer (tenant_id, customer_id, email, has_account, first_name,"
            " last_name, company_name, phone, version, create_time, update_time)"
            " VALUES ($1, $2, $2 || '@example.com', true, '', '', '', '', 1, now(), now())",
            tenant,
            customer_id,
        )
        await rows.execute(
            "INSERT INTO identity (tenant_id, identity_id, email, password_hash, customer_id,"
            " create_time, update_time) VALUES ($1, 'authid_' || $2, $2, '', $3, now(), now())",
            tenant,
            word,
            customer_id,
        )
        await rows.execute(
            "INSERT INTO customer_session (tenant_id, session_id, identity_id, end_time)"
            " VALUES ($1, 'csess_' || $2, 'authid_' || $2, now() + interval '1 hour')",
            tenant,
            word,
        )
        return customer_id, f"csess_{word}"

    return make
