"""Where a category is in the tree: below which other one, and at which place among its siblings."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.models import Category
from services.catalog_opt_in.taxonomy import queries, rules
from services.kernel.call.errors import FailedPrecondition, invalid

_REFUSALS = {
    "CATEGORY_CYCLE": "must not be the category itself or one below it",
    "CATEGORY_TOO_DEEP": f"must not make the tree deeper than {rules.MOST_LEVELS} levels",
    "CATEGORY_FULL": f"must not have more than {rules.MOST_CHILDREN} categories directly below it",
}


async def place(
    session: AsyncSession, row: Category, parent_id: str | None, rank: int | None
) -> set[str]:
    """Places a category under another, or at the top, with its descendants.

    Without a rank, it stays where it is, and comes last where it is new. Returns the siblings, old
    and new, that got another place.

    Raises:
        InvalidArgument: CATEGORY_NOT_FOUND, the parent does not exist.
        FailedPrecondition: CATEGORY_CYCLE, CATEGORY_TOO_DEEP or CATEGORY_FULL.
    """
    tree = await queries.tree(session)
    if parent_id is not None and parent_id not in tree:
        raise invalid("CATEGORY_NOT_FOUND", {"parent": "does not exist"})
    moved = {}
    if tree.get(row.category_id, "") != parent_id:
        if refusal := rules.move_refusal(tree, row.category_id, parent_id):
            raise FailedPrecondition(
                refusal, f"parent {_REFUSALS[refusal]}.", {"parent": _REFUSALS[refusal]}
            )
        if row.category_id in tree:
            moved = await _close_gap(session, row)
        await _set_depths(session, row, rules.moved(tree, row.category_id, parent_id))
    elif rank is None:
        return set()
    siblings = await queries.siblings(session, parent_id, but=row.category_id)
    row.parent_id = parent_id
    row.rank, shifted = rules.inserted(siblings, rank)
    await queries.set_ranks(session, shifted)
    return {*moved, *shifted}


async def remove(session: AsyncSession, row: Category) -> set[str]:
    """Removes a category from its siblings; returns those that got another place."""
    return set(await _close_gap(session, row))


async def _close_gap(session: AsyncSession, row: Category) -> dict[str, int]:
    siblings = await queries.siblings(session, row.parent_id, but=row.category_id)
    _, shifted = rules.inserted(siblings, None)
    await queries.set_ranks(session, shifted)
    return shifted


async def _set_depths(
    session: AsyncSession, row: Category, after: Mapping[str, str | None]
) -> None:
    depths = {
        id_: len(rules.ancestors(after, id_))
        for id_ in rules.with_descendants(after, row.category_id)
    }
    row.depth = depths.pop(row.category_id)
    await queries.set_depths(session, depths)
