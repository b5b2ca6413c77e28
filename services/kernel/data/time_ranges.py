"""Conditions on times, for the filters of lists."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from souk.kernel.v1.times_pb2 import TimeRange
from sqlalchemy import ColumnElement, literal
from sqlalchemy.orm import InstrumentedAttribute

from services.kernel.call import times
from services.kernel.data.tables import Time


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

    Raises:
        InvalidArgument: TIME_INVALID, no calendar has the time.
    """
    for name, moment in times.bounds(bounds):
        least = value(moment)
        yield column >= least if name == "from" else column < least
