"""A role that was taken back: nobody writes by it any more, wherever they ask, Redis or not."""

import asyncio
import os
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio

from deploy.local import ports
from tests.faults.proxy import Fault, Proxy
from tests.gateway.admin.answers import one, page, refused
from tests.gateway.admin.test_roles_and_access import handed
from tests.gateway.conftest import running_valkey
from tests.platform import another_gateway

TIMES = 1000 if os.environ.get("SOUK_CAMPAIGN") == "access" else 12


@pytest_asyncio.fixture(scope="module")
async def far_gateway(platform):
    """Another gateway, and the proxy on its way to a Redis of its own."""
    async with running_valkey() as (url, _):
        address = url.rpartition("@")[2].partition("/")[0]
        way = Proxy(ports.free(1)[0], address)
        await way.listen()
        own = {"SOUK_REDIS": url.replace(address, way.address)}
        async with another_gateway(platform, **own) as gateway:
            yield gateway, way
        await way.refuse()


@asynccontextmanager
async def far_client(far_gateway, near, redis):
    """A client of the other gateway, whose Redis is there, killed or silent."""
    gateway, way = far_gateway
    async with httpx.AsyncClient(
        base_url=gateway, headers=near.headers, trust_env=False, timeout=10
    ) as client:
        await until_redis_is_used(client, way)
        if redis == "killed":
            await way.refuse()
        with way.degraded(Fault(silent=redis == "silent")):
            yield client
        if redis == "killed":
            await way.listen()


async def until_redis_is_used(client, way):
    """The gateway leaves Redis alone for a second after each failure."""
    async with asyncio.timeout(10):
        before = way.answers.passed
        while way.answers.passed == before:
            await client.get("/admin/users/me")
            await asyncio.sleep(0.05)


async def test_a_role_ends_for_writes_at_once_and_for_reads_within_a_second(tenants, enter):
    paris, lyon = await tenants()
    boss, theirs, given = await handed(enter, paris, lyon)
    path = f"/admin/tenants/{paris}/domains"
    async with asyncio.timeout(1.5):
        while (await theirs.get(path)).status_code != 200:
            await asyncio.sleep(0.05)
    assert (await theirs.get(path)).status_code == 200

    roles = f"/admin/tenants/{paris}/assignments"
    taken = await boss.delete(f"{roles}/{given['id']}", params={"reason": "they left, alas"})

    assert (taken.status_code, taken.json()["deleted"]) == (200, True)
    ended = await boss.get(roles, params={"with_ended": True, "user_id": given["user_id"]})
    assert [one_["revoke_reason"] for one_ in page(ended, "assignments")] == ["they left, alas"]
    refused(await theirs.post(path, json={"host": "shop.paris.example"}), 404, "TENANT_NOT_FOUND")
    async with asyncio.timeout(1.5):
        while (await theirs.get(path)).status_code != 404:
            await asyncio.sleep(0.05)
    assert (await theirs.get(f"/admin/tenants/{lyon}")).status_code == 200


@pytest.mark.parametrize("redis", ["there", "killed", "silent"])
async def test_a_role_revoked_at_one_gateway_ends_at_another_with_or_without_redis(
    far_gateway, tenants, enter, redis
):
    paris, lyon = await tenants()
    boss, theirs, given = await handed(enter, paris, lyon)
    path = f"/admin/tenants/{paris}/domains"
    async with far_client(far_gateway, theirs, redis) as far:
        assert (await far.get(path)).status_code == 200

        ended = await boss.delete(f"/admin/tenants/{paris}/assignments/{given['id']}")

        assert ended.status_code == 200
        refused(await far.post(path, json={"host": "shop.paris.example"}), 404, "TENANT_NOT_FOUND")
        async with asyncio.timeout(5):
            while (await far.get(path)).status_code != 404:
                await asyncio.sleep(0.05)
        assert (await far.get(f"/admin/tenants/{lyon}")).status_code == 200


@pytest.mark.parametrize("redis", ["there", "killed", "silent"])
async def test_writes_are_refused_everywhere_as_soon_as_a_revocation_is_acknowledged(
    far_gateway, tenants, enter, redis, record_property
):
    paris, lyon = await tenants()
    boss, theirs, given = await handed(enter, paris, lyon)
    roles, shop = f"/admin/tenants/{paris}/assignments", f"/admin/tenants/{paris}"
    again = {"user_id": given["user_id"], "role": "TenantAdmin", "reason": "a test"}
    async with far_client(far_gateway, theirs, redis) as far:
        for number in range(TIMES):
            written = await far.patch(shop, json={"display_name": f"Good {number}"})
            assert (written.status_code, number) == (200, number), written.text

            await boss.delete(f"{roles}/{given['id']}")

            for client in (far, theirs):
                refused(await client.patch(shop, json={"display_name": "Bad"}), 404)
            assert one(await boss.get(shop), "tenant")["display_name"] == f"Good {number}"
            given = one(await boss.post(roles, json=again), "assignment")
        assert (await far.get(f"/admin/tenants/{lyon}")).status_code == 200
    record_property("revocations", TIMES)
