"""What every test may ask for: a platform that is started once, when a test first asks for it."""

import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from httpx._transports import default as _transports
from hypothesis import settings

from deploy.local.platform import LocalPlatform
from tests import snapshots
from tests.fork_server import ForkServers
from tests.openapi_hooks import CHECKS_OPENAPI
from tests.platform import Calls, connect, shared
from tests.scheduling import Scheduling, longest_first

# The HTTP client looks for it some eight times a request, through every folder of the path, and
# does without: that was a third of what a request cost here. None ends the search at once.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
# Nor does it use TLS here, but each client would load the trust store: 35 ms of CPU.
vars(_transports)["create_ssl_context"] = cache(httpx.create_ssl_context)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling | None:
    return Scheduling(config, log) if config.option.dist == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = longest_first(items)


def pytest_configure(config: pytest.Config) -> None:
    # A campaign tries as many as hypothesis does of its own accord, and more where a test says so.
    settings.register_profile("suite", max_examples=40, deadline=None)
    if not os.environ.get("SOUK_CAMPAIGN"):
        settings.load_profile("suite")
    servers = ForkServers()
    servers.start()
    config.add_cleanup(servers.stop)
    if folder := snapshots.begin():
        config.add_cleanup(lambda: snapshots.end(folder))


@pytest_asyncio.fixture(scope="session")
async def platform() -> AsyncIterator[LocalPlatform]:
    """A running platform with the demo data, shared by all tests that leave it whole."""
    async with shared() as started:
        yield started


@pytest_asyncio.fixture(scope="session")
async def http(platform: LocalPlatform) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    async with httpx.AsyncClient(
        base_url=platform.url, trust_env=False, timeout=10, event_hooks=CHECKS_OPENAPI
    ) as client:
        yield client


@pytest_asyncio.fixture(scope="session")
async def admin_token(platform: LocalPlatform, http: httpx.AsyncClient) -> str:
    """The first admin's token."""
    login = {"email": platform.admin_email, "password": platform.admin_password}
    answer = await http.post("/auth/user/emailpass", json=login)
    answer.raise_for_status()
    return str(answer.json()["token"])


@pytest_asyncio.fixture(scope="module")
async def no_attempts(platform: LocalPlatform) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Forgets the guesses at accounts that tests leave, before those of a module and after them."""

    async def forget() -> None:
        for service, table in (("tenant-registry", "attempt"), ("commerce", "login_attempt")):
            superuser = await connect(platform, service, "superuser")
            await superuser.execute(f"DELETE FROM {table}")
            await superuser.close()

    await forget()
    yield forget
    await forget()


@pytest_asyncio.fixture(scope="session")
async def admin(platform: LocalPlatform, admin_token: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway that is logged in as the first admin."""
    headers = {"Authorization": f"Bearer {admin_token}"}
    async with httpx.AsyncClient(
        base_url=platform.url,
        trust_env=False,
        timeout=10,
        headers=headers,
        event_hooks=CHECKS_OPENAPI,
    ) as client:
        yield client


@pytest_asyncio.fixture(scope="session")
async def customer_token(platform: LocalPlatform, http: httpx.AsyncClient) -> str:
    """A token of a customer of the head office's shop, which the platform's own hosts show."""
    login = {"email": f"{uuid.uuid4().hex}@example.com", "password": "correct-horse-battery-staple"}
    answer = await http.post("/auth/customer/emailpass/register", json=login)
    bearer = {"Authorization": f"Bearer {answer.raise_for_status().json()['token']}"}
    made = await http.post("/store/customers", json={"email": login["email"]}, headers=bearer)
    made.raise_for_status()
    answer = await http.post("/auth/customer/emailpass", json=login)
    return str(answer.raise_for_status().json()["token"])


@pytest_asyncio.fixture(scope="session")
async def scoped_stub(platform: LocalPlatform) -> AsyncIterator[Callable[..., Any]]:
    """Makes stubs: scoped_stub(StubClass, "audit", tenant="paris", permissions={"event:read"})."""
    calls = Calls(platform.secrets, platform.addresses)
    yield calls.stub
    await calls.close()


@pytest_asyncio.fixture
async def database(platform: LocalPlatform) -> AsyncIterator[Callable[..., Any]]:
    """Connects to a database: await database("catalog-opt-in", "app"); closed after the test."""
    async with AsyncExitStack() as stack:

        async def open_one(service: str, role: str) -> asyncpg.Connection:
            connection = await connect(platform, service, role)
            stack.push_async_callback(connection.close)
            return connection

        yield open_one


@pytest.fixture
def host() -> Callable[[str], dict[str, str]]:
    """Makes the headers that ask for a tenant's storefront by its host."""
    hosts = {"hq": "impactnutrition.com.tn", "paris": "paris.impactnutrition.com"}
    return lambda tenant: {"Host": hosts[tenant]}
