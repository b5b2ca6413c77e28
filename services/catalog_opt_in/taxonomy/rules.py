"""The category tree: ancestors, descendants, and allowed moves."""

from collections.abc import Collection, Iterator, Mapping

from services.catalog_opt_in.texts import problem

MOST_LEVELS = 10
MOST_CHILDREN = 1_000

Parents = Mapping[str, str | None]
"""Maps each category to its parent."""


def text_problems(title: str, description: str = "", rank: int = 0) -> Iterator[tuple[str, str]]:
    """Finds what is wrong with the fields of a collection or a category."""
    if (violation := problem(title, required=True)) is not None:
        yield "title", violation
    if (violation := problem(description, lines=True)) is not None:
        yield "description", violation
    if rank < 0:
        yield "rank", "must not be negative"


def ancestors(parents: Parents, category_id: str) -> list[str]:
    """Returns the ancestors of a category, nearest first."""
    found = []
    parent = parents.get(category_id)
    while parent is not None and parent not in found:
        found.append(parent)
        parent = parents.get(parent)
    return found


def with_descendants(parents: Parents, category_id: str) -> set[str]:
    """Returns a category and all its descendants."""
    return {
        other
        for other in parents
        if other == category_id or category_id in ancestors(parents, other)
    }


def hidden(parents: Parents, own: Collection[str]) -> set[str]:
    """Returns the categories that shoppers do not see: those that are hidden, and all below."""
    return {id_ for id_ in parents if not {id_, *ancestors(parents, id_)}.isdisjoint(own)}


def inserted(siblings: Mapping[str, int], rank: int | None) -> tuple[int, dict[str, int]]:
    """Returns the place of a category among its siblings, and the new ranks of those that shift.

    `siblings` are the others with their ranks, in order. Without a rank, or with one beyond the
    last, it comes last.
    """
    place = len(siblings) if rank is None else min(rank, len(siblings))
    ranks = {id_: at + (at >= place) for at, id_ in enumerate(siblings)}
    return place, {id_: at for id_, at in ranks.items() if siblings[id_] != at}


def moved(parents: Parents, category_id: str, parent_id: str | None) -> dict[str, str | None]:
    """Returns the tree after a category is moved under another, or to the top."""
    return {**parents, category_id: parent_id}


def move_refusal(parents: Parents, category_id: str, parent_id: str | None) -> str | None:
    """Returns why a move is refused: CATEGORY_FULL, CATEGORY_CYCLE, CATEGORY_TOO_DEEP, or None."""
    siblings = sum(parent == parent_id for other, parent in parents.items() if other != category_id)
    if siblings >= MOST_CHILDREN:
        return "CATEGORY_FULL"
    if parent_id is None:
        return None
    if category_id == parent_id or category_id in ancestors(parents, parent_id):
        return "CATEGORY_CYCLE"
    after = moved(parents, category_id, parent_id)
    deepest = max(len(ancestors(after, other)) for other in with_descendants(after, category_id))
    return "CATEGORY_TOO_DEEP" if deepest >= MOST_LEVELS else None
