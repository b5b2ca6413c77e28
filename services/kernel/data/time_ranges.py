"""Conditions on times, for the filters of lists."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from souk.kernel.v1.times_pb2 import TimeRange
from sqlalchemy import ColumnElement, literal
from sqlalchemy.orm import InstrumentedAttribute

from services.kernel.call import times
from services.kernel.data.tables import Time

_MILLISECOND = timedelta(milliseconds=1)


def _of_time(moment: datetime) -> ColumnElement[datetime]:
    return literal(moment, Time)


def within(
    column: InstrumentedAttribute[Any],
    bounds: TimeRange,
    *,
    value: Callable[[datetime], Any] = _of_time,
) -> Iterator[ColumnElement[bool]]:
    """Yields conditions that an index on the column can serve.

    `value` returns the least value of the column from a time on, if that is not the time itself.

    Clients read milliseconds of what is stored in microseconds: to them, what is stored within one
    millisecond happened at the same time.

    Raises:
        InvalidArgument: TIME_INVALID, no calendar has the time.
    """
    for field, _ in bounds.ListFields():
        moment = times.read(bounds, field.name)
        if moment is None:
            continue
        start = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        first, first_after = value(start), value(start + _MILLISECOND)
        match field.name:
            case "eq":
                yield (column >= first) & (column < first_after)
            case "gt":
                yield column >= first_after
            case "gte":
                yield column >= first
            case "lt":
                yield column < first
            case "lte":
                yield column < first_after
