"""Comparisons with many values in one parameter."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Text, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute


def among(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], values: Iterable[str]
) -> ColumnElement[bool]:
    """Compares with an array: the same prepared statement for any number of values."""
    return column == any_(literal(list(values), ARRAY(Text)))
