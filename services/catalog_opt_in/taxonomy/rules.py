"""The category tree: ancestors, descendants, and allowed moves."""

from collections.abc import Iterator, Mapping

from services.catalog_opt_in.texts import problem

MOST_LEVELS = 10

Parents = Mapping[str, str | None]
"""Maps each category to its parent."""


def text_problems(title: str, description: str = "", rank: int = 0) -> Iterator[tuple[str, str]]:
    """Finds what is wrong with the fields of a collection or a category."""
    if (found := problem(title, least=1, most=200)) is not None:
        yield "title", found
    if (found := problem(description, most=20_000, lines=True)) is not None:
        yield "description", found
    if rank < 0:
        yield "rank", "must not be negative"


def above(parents: Parents, category_id: str) -> list[str]:
    """Returns the ancestors of a category, nearest first."""
    found = []
    parent = parents.get(category_id)
    while parent is not None and parent not in found:
        found.append(parent)
        parent = parents.get(parent)
    return found


def below(parents: Parents, category_id: str) -> set[str]:
    """Returns a category and all its descendants."""
    return {one for one in parents if one == category_id or category_id in above(parents, one)}


def moved(parents: Parents, category_id: str, parent_id: str | None) -> dict[str, str | None]:
    """Returns the tree after a category is moved under another, or to the top."""
    return {**parents, category_id: parent_id}


def move_refusal(parents: Parents, category_id: str, parent_id: str | None) -> str | None:
    """Returns why a move is refused: CATEGORY_CYCLE, CATEGORY_TOO_DEEP, or None."""
    if parent_id is None:
        return None
    if category_id == parent_id or category_id in above(parents, parent_id):
        return "CATEGORY_CYCLE"
    after = moved(parents, category_id, parent_id)
    deepest = max(len(above(after, one)) for one in below(after, category_id))
    return "CATEGORY_TOO_DEEP" if deepest >= MOST_LEVELS else None
