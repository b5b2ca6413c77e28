"""Pages of collections and categories."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.catalog_opt_in.models import Category, Collection
from services.catalog_opt_in.taxonomy import queries
from services.kernel.data import pages

R = TypeVar("R", Collection, Category)

Columns = tuple[InstrumentedAttribute[Any], ...]
"""Sort columns; the last one is unique."""


async def paged(
    session: AsyncSession,
    request: Any,  # noqa: ANN401  # each List request is a class of its own
    wanted: Select[R],
    orders: Mapping[str, Columns],
) -> tuple[Sequence[R], str, int]:
    """Reads one page: its rows, the next page token, and the total number of rows.

    The first of `orders` is the default.
    """
    columns, descending = pages.order_by(request.order_by, orders, default=next(iter(orders)))
    key = {column.key: column.type.python_type for column in columns}
    page = pages.read(request, key=key, descending=descending)
    if request.handle:
        wanted = wanted.where(wanted.selected_columns["handle"] == request.handle)
    rows = (await session.scalars(page.of(wanted, *columns))).all()
    shown, token = page.cut(
        rows, key=lambda row: tuple(getattr(row, column.key) for column in columns)
    )
    return shown, token, await queries.count(session, wanted)
