"""Under load, with processes killed: every act has exactly one event, and no event lacks its act.

Each writer notes what was acknowledged. At the end the rows in the services' databases, the events
in the audit database and the acknowledgements are compared. What was answered with an error may
have been done or not; its event must tell the same.
"""

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest

from gateway.cli.local import LocalPlatform
from tests.platform import connect, running

KILLED = ("catalog-opt-in", "audit", "tenant-registry", "postgres", "gateway", "valkey")
SECONDS_BETWEEN = 0.4
WRITERS = 3
DELIVERED_WITHIN_SECONDS = 30


@dataclass
class Acts:
    """What writers asked for, and what they were told is done; by resource name."""

    acknowledged: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def collection(self, client: httpx.AsyncClient) -> str:
        title = f"Saison {next(self.numbers)}"
        made = await client.post("/admin/collections", json={"title": title})
        made.raise_for_status()
        return f"collections/{made.json()['collection']['id']}"

    async def domain(self, client: httpx.AsyncClient, tenant: str) -> str:
        host = f"s{next(self.numbers)}.{tenant}-shop.fr"
        made = await client.post(f"/admin/tenants/{tenant}/domains", json={"host": host})
        made.raise_for_status()
        return f"tenants/{tenant}/domains/{host}"


async def write(acts: Acts, client: httpx.AsyncClient, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        number = next(acts.numbers)
        act = acts.collection(client) if number % 4 else None
        try:
            name = await (act or acts.domain(client, ("paris", "lyon")[number % 8 // 4]))
        except (httpx.HTTPStatusError, httpx.TransportError) as error:
            status = getattr(error, "response", None)
            acts.refused[str(status.status_code) if status else type(error).__name__] += 1
            await asyncio.sleep(0.02)
        else:
            acts.acknowledged.add(name)


async def delivered(platform: LocalPlatform) -> None:
    """Waits until the relays have taken every leaf away."""
    ends = time.monotonic() + DELIVERED_WITHIN_SECONDS
    for service in ("catalog-opt-in", "tenant-registry"):
        connection = await connect(platform, service, "superuser")
        while await connection.fetchval("SELECT count(*) FROM audit_leaf"):
            assert time.monotonic() < ends, f"{service} still has undelivered leaves"
            await asyncio.sleep(0.1)
        await connection.close()


async def rows(platform: LocalPlatform) -> set[str]:
    """Names what is there, of the kinds that the writers make."""
    catalogue = await connect(platform, "catalog-opt-in", "superuser")
    registry = await connect(platform, "tenant-registry", "superuser")
    collections = await catalogue.fetch("SELECT 'collections/' || collection_id FROM collection")
    domains = await registry.fetch(
        "SELECT 'tenants/' || tenant_id || '/domains/' || host FROM domain"
    )
    await catalogue.close()
    await registry.close()
    return {row[0] for row in (*collections, *domains)}


async def events(platform: LocalPlatform) -> Counter[str]:
    """Counts the events of making, by resource."""
    audit = await connect(platform, "audit", "superuser")
    found = await audit.fetch(
        "SELECT resource FROM event WHERE method LIKE '%/CreateCollection'"
        " OR method LIKE '%/CreateDomain'"
    )
    await audit.close()
    return Counter(row[0] for row in found)


@pytest.mark.timeout(300)
async def test_every_act_has_exactly_one_event_whatever_is_killed():
    async with running() as platform:
        acts, stopping = Acts(), asyncio.Event()
        token = await _token(platform)
        async with httpx.AsyncClient(
            base_url=platform.url, headers={"Authorization": f"Bearer {token}"}, timeout=5
        ) as client:
            writers = [asyncio.create_task(write(acts, client, stopping)) for _ in range(WRITERS)]
            for name in KILLED:
                await asyncio.sleep(SECONDS_BETWEEN)  # the load goes on; this waits for nothing
                await platform.kill(name)
                await asyncio.sleep(SECONDS_BETWEEN)
                await platform.start(name)
            stopping.set()
            await asyncio.gather(*writers)
        await delivered(platform)
        there, told = await rows(platform), await events(platform)

    assert len(acts.acknowledged) > 100, acts.refused
    assert acts.refused, "no kill was felt: this proves nothing"
    assert acts.acknowledged <= there
    assert set(told) == there
    assert {name: n for name, n in told.items() if n != 1} == {}


async def _token(platform: LocalPlatform) -> str:
    login = {
        "email": platform.settings.admin,
        "password": (platform.secrets / "admin.password").read_text(),
    }
    async with httpx.AsyncClient(base_url=platform.url) as client:
        answer = await client.post("/auth/user/emailpass", json=login)
    return str(answer.json()["token"])
