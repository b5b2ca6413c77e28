"""What is kept for carts and orders, in a database of the tests' own, for two tenants."""

import asyncio
import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from services.commerce.stock.queries import available
from services.commerce.stock.reserving import belongs_to_order, release, reserve
from services.commerce.stock.rules import Demand, Shortage
from services.kernel.call.scope import Scope, bound
from tests.cluster import cluster  # noqa: F401  # fixture

TENANTS = ("paris", "lyon")
VARIANT = "variant_shared"
PAST = datetime.now(UTC) - timedelta(hours=1)
FUTURE = datetime.now(UTC) + timedelta(hours=1)


class Shop:
    """The stock of one tenant."""

    def __init__(self, tenant, doors, rows):
        self.tenant = tenant
        self._doors = doors
        self.rows = rows

    async def has(self, *quantities, variant=VARIANT):
        """Puts so many of a variant at as many locations."""
        for number, quantity in enumerate(quantities):
            place = (self.tenant, f"sloc_{number}")
            await self.rows.execute(
                "INSERT INTO stock_location (tenant_id, location_id, name, version, create_time,"
                " update_time) VALUES ($1, $2, 'X', 1, now(), now()) ON CONFLICT DO NOTHING",
                *place,
            )
            await self.rows.execute(
                "INSERT INTO inventory_level VALUES ($1, $3, $2, $4, 0, now(), now())",
                *(*place, variant, quantity),
            )

    async def reserve(self, quantity, *, cart="cart_1", variant=VARIANT, expire_time=None):
        await self.reserve_all((Demand("line_1", variant, quantity),), cart, expire_time)

    async def reserve_all(self, lines, cart="cart_1", expire_time=None):
        async with self.act() as act:
            await reserve(act, lines, cart_id=cart, expire_time=expire_time)

    @asynccontextmanager
    async def act(self):
        """A transaction of the tenant."""
        with bound(Scope(self.tenant, "shoppers/-", frozenset())):
            async with self._doors.act() as act:
                yield act

    async def available(self, variant=VARIANT):
        async with self.act() as act:
            return (await available(act, [variant], datetime.now(UTC)))[variant]

    async def reserved(self):
        """Tells what is kept; each level must say the same as its reservations."""
        rows = await self.rows.fetch(
            "SELECT reserved, coalesce(sum(r.quantity), 0) AS kept FROM inventory_level l"
            " LEFT JOIN reservation r USING (tenant_id, variant_id, location_id)"
            " WHERE tenant_id = $1 GROUP BY variant_id, location_id, reserved"
            " ORDER BY variant_id, location_id",
            self.tenant,
        )
        assert all(row["reserved"] == row["kept"] for row in rows)
        return [row["reserved"] for row in rows]


@pytest_asyncio.fixture
async def shops(cluster):  # noqa: F811
    async with cluster.doors("commerce") as doors, cluster.session("commerce") as rows:
        await rows.execute("TRUNCATE stock_location CASCADE")
        yield [Shop(tenant, doors, rows) for tenant in TENANTS]
        await rows.execute("TRUNCATE stock_location CASCADE")


async def test_two_hundred_buyers_get_the_last_ten_of_each_shop(shops):
    turn = asyncio.Semaphore(8)  # as many as there are connections
    for shop in shops:
        await shop.has(10)

    async def buy(shop):
        async with turn:
            try:
                await shop.reserve(1, cart=f"cart_{uuid.uuid4().hex}")
            except Shortage:
                return (shop.tenant, False)
            return (shop.tenant, True)

    answers = await asyncio.gather(*(buy(shop) for _ in range(200) for shop in shops))

    for shop in shops:
        assert answers.count((shop.tenant, True)) == 10
        assert await shop.reserved() == [10]


async def test_carts_with_the_same_lines_in_any_order_do_not_wait_for_each_other_for_ever(shops):
    variants = ["variant_a", "variant_b"]
    lines = [Demand(variant, variant, 1) for variant in variants]
    for shop in shops:
        for variant in variants:
            await shop.has(50, 50, variant=variant)

    await asyncio.gather(
        *(
            shop.reserve_all(order, f"cart_{number}")
            for shop in shops
            for number in range(4)
            for order in (lines, lines[::-1])
        )
    )

    for shop in shops:
        assert await shop.reserved() == [8, 0, 8, 0]


async def test_if_one_line_is_short_nothing_is_kept(shops):
    paris, lyon = shops
    for shop in shops:
        await shop.has(5)
    await lyon.has(1, variant="variant_other")
    lines = (Demand("a", VARIANT, 2), Demand("b", "variant_other", 1))

    with pytest.raises(Shortage) as short:
        await paris.reserve_all(lines)
    await lyon.reserve_all(lines)

    assert short.value.available == {VARIANT: 5, "variant_other": 0}
    assert (await paris.reserved(), await lyon.reserved()) == ([0], [1, 2])


async def test_units_kept_for_one_cart_are_not_available_in_its_own_shop(shops):
    paris, _ = shops
    for shop in shops:
        await shop.has(2, 3)
    await paris.reserve(4)

    assert [await shop.available() for shop in shops] == [1, 5]
    assert await paris.reserved() == [2, 2]
    assert await paris.available("variant_unknown") == 0
    with pytest.raises(Shortage):
        await paris.reserve(2, cart="cart_2")


async def test_a_reservation_is_given_back_once_however_often_it_is_said(shops):
    for shop in shops:
        await shop.has(3)
        for cart in ("cart_1", "cart_2"):
            await shop.reserve(1, cart=cart)

    async def give_back():
        async with shops[0].act() as act:
            await release(act, cart_id="cart_1")

    await asyncio.gather(*(give_back() for _ in range(4)))

    assert [await shop.reserved() for shop in shops] == [[1], [2]]


async def test_stock_of_an_order_is_given_back_with_the_order_alone(shops):
    paris, _ = shops
    for shop in shops:
        await shop.has(3)
        await shop.reserve(2, expire_time=FUTURE)
    async with paris.act() as act:
        assert await belongs_to_order(act, "cart_1", "order_1") == 1
    for shop in shops:
        async with shop.act() as act:
            await release(act, cart_id="cart_1")
    assert [await shop.reserved() for shop in shops] == [[2], [0]]

    async with paris.act() as act:
        await release(act, cart_id="cart_1", order_id="order_2")
    assert await paris.reserved() == [2]
    async with paris.act() as act:
        await release(act, cart_id="cart_1", order_id="order_1")
    assert await paris.reserved() == [0]


async def test_stock_that_nobody_paid_in_time_goes_to_others(shops):
    paris, lyon = shops
    await paris.has(3)
    await lyon.has(3)
    await paris.reserve(2, expire_time=PAST)
    await lyon.reserve(2, expire_time=FUTURE)

    assert [await shop.available() for shop in shops] == [3, 1]
    await paris.reserve(3, cart="cart_2")
    with pytest.raises(Shortage):
        await lyon.reserve(3, cart="cart_2")

    assert [await shop.reserved() for shop in shops] == [[3], [2]]
    async with paris.act() as act:
        assert await belongs_to_order(act, "cart_1", "order_1") == 0


async def test_an_order_keeps_what_is_its_own_past_any_time(shops):
    for shop in shops:
        await shop.has(3)
        await shop.reserve(3, expire_time=PAST)
        async with shop.act() as act:
            await belongs_to_order(act, "cart_1", "order_1")

        assert await shop.available() == 0
        with pytest.raises(Shortage):
            await shop.reserve(1, cart="cart_2")
        assert await shop.reserved() == [3]


async def test_after_a_recount_nothing_is_sold_that_others_have_been_promised(shops):
    for shop in shops:
        await shop.has(5)
        await shop.reserve(4)
        await shop.rows.execute("UPDATE inventory_level SET stocked = 2")

        assert await shop.available() == -2
        with pytest.raises(Shortage):
            await shop.reserve(1, cart="cart_2")
        await shop.rows.execute("UPDATE inventory_level SET stocked = 5")
