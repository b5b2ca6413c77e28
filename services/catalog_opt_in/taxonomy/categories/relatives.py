"""The categories around others: those above them, and those below."""

from collections import defaultdict
from collections.abc import Sequence

from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.models import Category
from services.catalog_opt_in.taxonomy import queries, rules
from services.catalog_opt_in.taxonomy.messages import category_message
from services.kernel.call.errors import FailedPrecondition

MOST_DESCENDANTS = 2_000


async def with_relatives(
    session: AsyncSession, rows: Sequence[Category], *, all_descendants: bool = False
) -> list[product_pb2.Category]:
    """Returns categories with all that are above them, and their children or all descendants.

    Raises:
        FailedPrecondition: CATEGORY_TREE_TOO_LARGE, see `refuse_large_tree`.
    """
    tree = await queries.tree(session)
    ids = {row.category_id for row in rows}
    above = {id_ for own in ids for id_ in rules.ancestors(tree, own)}
    below = {
        id_
        for id_, parent in tree.items()
        if not ids.isdisjoint(rules.ancestors(tree, id_) if all_descendants else [parent])
    }
    if all_descendants:
        refuse_large_tree(len(below))
    relatives = _Relatives(await queries.by_rank(session, above | below))
    return [
        relatives.around(category_message(row), row, all_descendants=all_descendants)
        for row in rows
    ]


def refuse_large_tree(descendants: int) -> None:
    """Refuses to answer with more descendants of categories than fit.

    Raises:
        FailedPrecondition: CATEGORY_TREE_TOO_LARGE, there are more than MOST_DESCENDANTS.
    """
    if descendants > MOST_DESCENDANTS:
        raise FailedPrecondition(
            "CATEGORY_TREE_TOO_LARGE",
            f"More than {MOST_DESCENDANTS} categories are below these. Ask for fewer, or for their"
            " children alone.",
        )


class _Relatives:
    """Categories by their ids and by their parents, by rank."""

    def __init__(self, rows: Sequence[Category]) -> None:
        self._messages = {row.category_id: category_message(row) for row in rows}
        self._parents = {row.category_id: row.parent_id for row in rows}
        self._children: defaultdict[str | None, list[str]] = defaultdict(list)
        for row in rows:
            self._children[row.parent_id].append(row.category_id)

    def around(
        self, message: product_pb2.Category, row: Category, *, all_descendants: bool
    ) -> product_pb2.Category:
        self._add_above(message, row.parent_id)
        self._add_below(message, row.category_id, all_descendants=all_descendants)
        return message

    def _add_above(self, message: product_pb2.Category, parent_id: str | None) -> None:
        if parent_id is not None:
            message.parent_category.CopyFrom(self._messages[parent_id])
            self._add_above(message.parent_category, self._parents[parent_id])

    def _add_below(
        self, message: product_pb2.Category, category_id: str, *, all_descendants: bool
    ) -> None:
        for child_id in self._children[category_id]:
            child = message.category_children.add()
            child.CopyFrom(self._messages[child_id])
            if all_descendants:
                self._add_below(child, child_id, all_descendants=True)
