"""Lists begin and end by the clock, without anybody's doing."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.catalog_opt_in.builders import euros, id_of
from tests.catalog_opt_in.price_lists.conftest import after, price_of

PAST = datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture
async def let_pass(database):
    """Puts a time of a list into the past, as if it had come."""
    rows = await database("catalog-opt-in", "superuser")

    async def move(price_list, column):
        await rows.execute(
            f"UPDATE price_list SET {column} = $2, turns_at = $2 WHERE price_list_id = $1",
            id_of(price_list),
            PAST,
        )

    return move


async def test_a_list_begins_and_ends_and_shops_show_it(
    price_list, product, amounts, quoted, storefront_page, events, let_pass, tenants
):
    paris, lyon = tenants
    window = {"start_time": after(days=1), "end_time": after(days=2)}
    made = await price_list(paris, price_of(product.variants[0], euros(15)), **window)
    other = await price_list(lyon, price_of(product.variants[0], euros(14)), **window)
    before = (await storefront_page(paris))[1].catalogue_version

    await let_pass(made, "starts_at")
    begun = (await events(paris, at_least=2, resource=made.name))[1]

    assert begun.actor == "services/catalog-opt-in"
    [change] = begun.changes
    assert (change.field, change.before, change.after) == ("in_force", "", "true")
    assert await amounts(paris) == [(15, 20), (20, 20)]
    assert await quoted(paris) == [(1500, 2000), (2000, 2000)]
    version = (await storefront_page(paris))[1].catalogue_version
    assert version > before

    await let_pass(made, "ends_at")
    ended = (await events(paris, at_least=3, resource=made.name))[2]

    assert [(one.field, one.before) for one in ended.changes] == [("in_force", "true")]
    assert await amounts(paris) == [(20, 20), (20, 20)]
    assert await quoted(paris) == [(2000, 2000), (2000, 2000)]
    assert (await storefront_page(paris))[1].catalogue_version > version
    assert await amounts(lyon) == [(20, 20), (20, 20)]
    assert len(await events(lyon, at_least=1, resource=other.name)) == 1
