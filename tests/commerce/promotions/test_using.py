"""What orders use up, counted in the tables of two tenants."""

import asyncio

import pytest
import pytest_asyncio
from sqlalchemy import select

from services.commerce.models import PromotionUse
from services.commerce.promotions.rules import Use
from services.commerce.promotions.using import give_back, take
from services.kernel.call.names import new_id
from services.kernel.call.scope import Scope, bound
from tests.cluster import cluster  # noqa: F401  # a fixture

TENANTS = ("paris", "lyon")


@pytest_asyncio.fixture
async def db(cluster):  # noqa: F811
    async with cluster.doors("commerce") as opened:
        yield opened


@pytest.fixture
def ids():
    return sorted(new_id("promo") for _ in range(2))


async def taken(db, tenant, *uses):
    with bound(Scope(tenant, "shoppers/-", frozenset())):
        async with db.act() as act:
            return await take(act, uses)


async def given_back(db, tenant, *uses):
    with bound(Scope(tenant, "shoppers/-", frozenset())):
        async with db.act() as act:
            await give_back(act, uses)


async def used(db, tenant, id_):
    with bound(Scope(tenant, "shoppers/-", frozenset())):
        async with db.tenant() as session:
            query = select(PromotionUse.used).where(PromotionUse.counted_id == id_)
            return await session.scalar(query)


async def test_each_tenant_takes_of_its_own_and_no_more_than_there_is(db, ids):
    use = Use(ids[0], "", 2, 5)

    assert [await taken(db, "paris", use) for _ in range(3)] == [True, True, False]

    assert [await used(db, tenant, ids[0]) for tenant in TENANTS] == [4, None]
    assert await taken(db, "lyon", use)
    assert not await taken(db, "lyon", Use(ids[1], "", 6, 5))
    assert await used(db, "lyon", ids[1]) is None


async def test_uses_return_if_another_limit_is_reached(db, ids):
    for tenant in TENANTS:
        assert await taken(db, tenant, Use(ids[1], "", 5, 5))

        assert not await taken(db, tenant, Use(ids[0], "", 1, 5), Use(ids[1], "", 1, 5))

        assert [await used(db, tenant, id_) for id_ in ids] == [0, 5]


async def test_uses_that_are_given_back_can_be_taken_again(db, ids):
    paris, lyon = TENANTS
    use = Use(ids[0], "holder", 3, 3)
    for tenant in TENANTS:
        assert await taken(db, tenant, use)

    await given_back(db, paris, use)

    assert await taken(db, paris, use)
    assert not await taken(db, lyon, use)
    await given_back(db, lyon, use, use)
    assert await used(db, lyon, ids[0]) == 0


async def test_those_who_take_the_same_in_any_order_wait_in_none(db, ids):
    first, second = (Use(id_, "", 1, 4) for id_ in ids)

    answers = await asyncio.gather(*(taken(db, "paris", first, second) for _ in range(8)))

    assert sum(answers) == 4
    assert [await used(db, tenant, ids[1]) for tenant in TENANTS] == [4, None]
