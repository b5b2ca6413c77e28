"""The tenants' heads and the platform's tree match one to one, or nothing is signed."""
# ruff: noqa: F811 - `trees` is an imported fixture

import asyncio

import pytest

from services.audit import tree_heads
from tests.audit.test_sequencer import trees  # noqa: F401 - a fixture

PASTS = {
    "cut short": "DELETE FROM {table} WHERE tenant_id = 'paris' AND {place} > 1",
    "begun again": "DELETE FROM {table} WHERE tenant_id = 'paris'",
}


@pytest.mark.parametrize("past", PASTS)
@pytest.mark.parametrize("when", ["before the heads are looked at again", "after that"])
async def test_a_rewritten_tenant_log_is_not_signed_even_if_its_tables_are_consistent(
    trees, event, cluster, past, when
):
    for _ in range(2):
        await trees.add(event("paris"), event("lyon"))
        await trees.drain()
    async with cluster.session("audit") as superuser:
        for table, place in (("entry", "idx + 1"), ("node", "idx + 1"), ("checkpoint", "size")):
            await superuser.execute(PASTS[past].format(table=table, place=place))
        await superuser.execute(
            "INSERT INTO pending (tenant_id, event_id) SELECT tenant_id, event_id FROM event"
            " WHERE tenant_id = 'paris' AND event_id NOT IN (SELECT event_id FROM entry)"
        )
    before = await trees.rows("SELECT note FROM checkpoint")

    if when == "after that":
        await trees.sequencer._report()
    assert await trees.sequencer.sequence() == 0
    assert await trees.another().sequence() == 0

    assert await trees.rows("SELECT note FROM checkpoint") == before


async def test_a_checkpoint_that_was_seen_is_missed_whatever_came_after_it(trees, event, cluster):
    await trees.add(event("paris"), event("lyon"))
    await trees.drain()
    other = trees.another()
    await other.sequence()
    await trees.add(event("paris"), event("lyon"))
    await trees.drain()
    async with cluster.session("audit") as superuser:
        await superuser.execute("DELETE FROM checkpoint WHERE tenant_id = 'paris' AND size = 1")

    await trees.add(event("lyon"))
    for _ in range(2):
        await other._report()
        assert await other.sequence() == 0


async def test_tree_heads_are_read_in_pages_and_resumed_after_another_sequencer_wrote(
    trees, event, monkeypatch
):
    monkeypatch.setattr(tree_heads, "_MOST_BETWEEN", 1)
    monkeypatch.setattr(tree_heads, "_MOST_BEHIND", 1)
    for _ in range(5):
        await trees.add(event("paris"), event("lyon"), event("lyon"))
        await trees.drain()
    other = trees.another()
    for number in (1, 2):
        await other._report()
        await other.sequence()
        assert other._heads._count == len(await trees.rows("SELECT * FROM checkpoint"))
        assert other._heads.newest("paris") == len(await trees.entries("paris"))
        for each in (other, trees.sequencer, other):
            await trees.add(*(event("rome") for _ in range(number)), event("paris"))
            assert await sequenced(each) == number + 1


async def sequenced(sequencer):
    """Sequences a batch; a sequencer that finds the lock taken places nothing, and tries again."""
    async with asyncio.timeout(10):
        while not (count := await sequencer.sequence()):
            await asyncio.sleep(0.01)
    return count


HEADS = {
    "is told of another log": "UPDATE checkpoint SET tenant_id = 'rome' WHERE tenant_id = 'lyon'",
    "is told of another size": "UPDATE checkpoint SET size = 7 WHERE tenant_id = 'lyon'",
    "is another": "UPDATE checkpoint SET head = head || ' ' WHERE tenant_id = 'lyon'",
    "is told twice": "INSERT INTO checkpoint (tenant_id, size, note, head, head_idx)"
    " SELECT 'rome', size, note, head, head_idx FROM checkpoint WHERE tenant_id = 'lyon'",
    "is no leaf": "UPDATE checkpoint SET head_idx = 7 WHERE tenant_id = 'lyon'",
}


@pytest.mark.parametrize("head", HEADS)
async def test_nothing_is_signed_while_a_tenants_head_is_not_the_platforms_leaf(
    trees, event, cluster, head
):
    await trees.add(event("paris"), event("lyon"))
    await trees.drain()
    async with cluster.session("audit") as superuser:
        await superuser.execute(HEADS[head])

    await trees.add(event("paris"))

    assert await trees.another().sequence() == 0
