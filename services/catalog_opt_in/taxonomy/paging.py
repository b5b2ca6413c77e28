"""Pages of collections, categories, tags and types."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.models import Category, Collection, ProductType, Tag
from services.catalog_opt_in.taxonomy import queries
from services.catalog_opt_in.texts import problem
from services.kernel.call.errors import invalid
from services.kernel.data import pages
from services.kernel.data.pages import Columns
from services.kernel.data.time_ranges import within

R = TypeVar("R", Collection, Category, Tag, ProductType)


async def read_page(
    session: AsyncSession,
    request: Any,  # noqa: ANN401  # each List request is a class of its own
    kind: type[R],
    orders: Mapping[str, Columns],
    *conditions: ColumnElement[bool],
) -> tuple[Sequence[R], str, int]:
    """Reads one page of a kind: its rows, the next page token, and the total number of rows.

    `conditions` are those that only this kind has. The first of `orders` is the default.
    """
    if text := problem(request.query):
        raise invalid("FIELD_INVALID", {"query": text})
    statement = select(kind).where(
        *conditions,
        *within(kind.created_at, request.created_at),
        *within(kind.updated_at, request.updated_at),
    )
    return await pages.read_page(session, request, statement, orders)


def called(
    kind: type[queries.Row],
    request: Any,  # noqa: ANN401  # as above
) -> Iterator[ColumnElement[bool]]:
    """Yields the conditions on handles and titles that both kinds with these have."""
    handles = [*request.handles, *filter(None, [request.handle])]
    yield from queries.matching(kind, handles=handles, title=request.title, q=request.query)
