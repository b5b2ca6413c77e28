"""The tree of categories: who lies under whom, and which moves it refuses."""

from collections.abc import Iterator, Mapping

from services.catalog_opt_in.texts import problem

MOST_LEVELS = 10

Parents = Mapping[str, str | None]
"""From each category to the one that it lies right under."""


def text_problems(title: str, description: str = "", rank: int = 0) -> Iterator[tuple[str, str]]:
    """Finds what is wrong with the fields of a collection or a category."""
    if (found := problem(title, least=1, most=200)) is not None:
        yield "title", found
    if (found := problem(description, most=20_000, lines=True)) is not None:
        yield "description", found
    if rank < 0:
        yield "rank", "must not be negative"


def above(parents: Parents, category_id: str) -> list[str]:
    """Names the categories that one lies under, the nearest first."""
    found = []
    parent = parents.get(category_id)
    while parent is not None and parent not in found:
        found.append(parent)
        parent = parents.get(parent)
    return found


def below(parents: Parents, category_id: str) -> set[str]:
    """Names a category and all that lie under it."""
    return {one for one in parents if one == category_id or category_id in above(parents, one)}


def moved(parents: Parents, category_id: str, parent_id: str | None) -> dict[str, str | None]:
    """The tree as it is after a category came to lie under another, or to the top."""
    return {**parents, category_id: parent_id}


def move_refusal(parents: Parents, category_id: str, parent_id: str | None) -> str | None:
    """Tells why a category cannot lie under another: CATEGORY_CYCLE, CATEGORY_TOO_DEEP, or None."""
    if parent_id is None:
        return None
    if category_id == parent_id or category_id in above(parents, parent_id):
        return "CATEGORY_CYCLE"
    after = moved(parents, category_id, parent_id)
    deepest = max(len(above(after, one)) for one in below(after, category_id))
    return "CATEGORY_TOO_DEEP" if deepest >= MOST_LEVELS else None
