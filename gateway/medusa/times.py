"""Reads times that clients send: RFC 3339 only, so that nothing is guessed."""

import re
from datetime import UTC, datetime

WRONG = "must be an RFC 3339 time, for example 2026-11-25T09:30:00Z"
# datetime.fromisoformat also takes dates, weeks, and times without an offset.
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def parse_time(text: object) -> datetime:
    """Returns a time in UTC, to the microsecond; part of a date and a number are refused.

    Raises:
        ValueError: it is not a time, or one that does not exist in UTC.
    """
    if not isinstance(text, str) or _RFC_3339.fullmatch(text) is None:
        raise ValueError(WRONG)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(WRONG) from None
