"""Carts that nobody has changed for long go, and nothing that is or becomes an order."""

from datetime import UTC, datetime, timedelta

import pytest_asyncio

from services.commerce.carts import expiry
from tests.cluster import cluster  # noqa: F401  # a fixture

NOW = datetime.now(UTC)
OLD, NEW = NOW - timedelta(seconds=1), NOW + timedelta(days=1)


@pytest_asyncio.fixture(scope="module")
async def doors(cluster):  # noqa: F811
    async with cluster.doors("commerce") as opened:
        yield opened


@pytest_asyncio.fixture
async def rows(cluster):  # noqa: F811
    connection = await cluster.connect("commerce")
    await connection.execute("TRUNCATE cart, provider_session")
    yield connection
    await connection.close()


async def add(rows, tenant, cart_id, expires, **more):
    columns = {
        "tenant_id": tenant,
        "cart_id": cart_id,
        "content": "{}",
        "document": b"{}",
        "create_time": OLD,
        "update_time": OLD,
        "expire_time": expires,
        **more,
    }
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    await rows.execute(
        f"INSERT INTO cart ({', '.join(columns)}) VALUES ({places})",
        *columns.values(),
    )
    await rows.execute(
        "INSERT INTO provider_session VALUES ($1, $2, $3, 'pp_stripe_stripe', $2, 'open', $4, $4)",
        tenant,
        f"payses_{cart_id}",
        cart_id,
        OLD,
    )


async def test_expired_carts_go_with_what_was_agreed_for_them(doors, rows, monkeypatch):
    monkeypatch.setattr(expiry, "MOST_AT_ONCE", 2)
    for tenant in ("paris", "lyon"):
        await add(rows, tenant, "cart_old", OLD)
        await add(rows, tenant, "cart_older", OLD, customer_id="cus_1")
        await add(rows, tenant, "cart_new", NEW)
        await add(rows, tenant, "cart_ordered", OLD, order_id="order_1", complete_time=OLD)
        await add(rows, tenant, "cart_claimed", OLD, attempt_id="attempt_1")

    removed = [await expiry.remove_expired(doors, NOW) for _ in range(3)]

    assert removed == [2, 2, 0]
    for tenant in ("paris", "lyon"):
        carts = await rows.fetch("SELECT cart_id FROM cart WHERE tenant_id = $1", tenant)
        assert {row[0] for row in carts} == {"cart_new", "cart_ordered", "cart_claimed"}
        dropped = await rows.fetch(
            "SELECT cart_id FROM provider_session WHERE tenant_id = $1 AND state = 'dropped'",
            tenant,
        )
        assert {row[0] for row in dropped} == {"cart_old", "cart_older"}
