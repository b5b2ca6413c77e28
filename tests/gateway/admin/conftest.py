"""What the admin API's tests share: things of their own, so that no test disturbs another."""

import itertools
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.isolation.people import Person, assign, employ, log_in
from tests.openapi_hooks import CHECKS_OPENAPI
from tests.platform import connect

Make = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def unique() -> str:
    """A word that nothing else on the platform is called."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def make_tenant(admin: httpx.AsyncClient) -> Make:
    """Makes a tenant that sells in euros; keywords are more of the body."""

    async def make(**more: Any) -> dict[str, Any]:
        body = {
            "id": f"t{uuid.uuid4().hex[:12]}",
            "display_name": "A test's own",
            "country_code": "fr",
            "currency_code": "eur",
            "default_locale": "fr",
            **more,
        }
        return await created(admin, "/admin/tenants", body)

    return make


@pytest.fixture
def make_product(admin: httpx.AsyncClient) -> Make:
    """Makes a published product of one variant, sold in euros and dinars."""

    async def make(**more: Any) -> dict[str, Any]:
        word = uuid.uuid4().hex[:12]
        prices = [
            {"amount": 59.9, "currency_code": "eur"},
            {"amount": 189.905, "currency_code": "tnd"},
        ]
        variant = {"sku": f"SKU-{word}", "options": {"Taille": "1 kg"}, "prices": prices}
        body = {
            "title": f"Whey {word}",
            "status": "published",
            "options": [{"title": "Taille", "values": ["1 kg"]}],
            "variants": [variant],
            **more,
        }
        return await created(admin, "/admin/products", body)

    return make


@pytest_asyncio.fixture
async def enter(platform, http):
    """Makes an admin with some roles, and gives their id and a client that is logged in."""
    registry = await connect(platform, "tenant-registry", "superuser")
    clients = []

    async def make(*roles):
        admin = await employ(registry, Person("somebody", roles))
        headers = {"Authorization": f"Bearer {await log_in(http, admin)}"}
        clients.append(
            httpx.AsyncClient(
                base_url=platform.url,
                headers=headers,
                trust_env=False,
                timeout=10,
                event_hooks=CHECKS_OPENAPI,
            )
        )
        return admin, clients[-1]

    yield make
    for client in clients:
        await client.aclose()
    await registry.close()


@pytest_asyncio.fixture(scope="session")
async def engage(platform, http):
    """Gives one of two admins, by turns, a role at a tenant of the test's own.

    They log in once, where `enter` has a password hashed for each.
    """
    registry = await connect(platform, "tenant-registry", "superuser")
    async with AsyncExitStack() as clients:
        admins = []
        for _ in range(2):
            admin = await employ(registry, Person("somebody", ()))
            client = httpx.AsyncClient(
                base_url=platform.url,
                headers={"Authorization": f"Bearer {await log_in(http, admin)}"},
                trust_env=False,
                timeout=10,
                event_hooks=CHECKS_OPENAPI,
            )
            admins.append((admin, await clients.enter_async_context(client)))
        turns = itertools.cycle(admins)

        async def make(role, tenant):
            admin, client = next(turns)
            await assign(registry, admin, role, tenant)
            return client

        yield make
    await registry.close()


@pytest.fixture
def tenants(make_tenant):
    async def make():
        return (await make_tenant())["id"], (await make_tenant())["id"]

    return make


async def created(
    admin: httpx.AsyncClient, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Posts, and gives what was made without its envelope."""
    answer = await admin.post(path, json=body)
    assert answer.status_code == 200, answer.text
    (document,) = answer.json().values()
    assert isinstance(document, dict)
    return document
