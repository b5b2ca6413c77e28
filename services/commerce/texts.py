"""Conditions on texts that an index can serve, also behind row-level security."""

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

_LAST = "\U0010ffff"


def begins_with(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Compares the beginning of a column that sorts bytewise.

    By two bounds: PostgreSQL looks nothing up by LIKE for whom a policy binds, as LIKE could tell
    of rows that the policy hides.
    """
    return (column >= text) & (column <= text + _LAST)
