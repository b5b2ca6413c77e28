"""When price lists apply."""

from datetime import datetime

ACTIVE = "ACTIVE"
MOST_LISTS = 1_000
MOST_PRICES = 1_000


def applies(
    status: str, starts_at: datetime | None, ends_at: datetime | None, now: datetime
) -> bool:
    """Returns whether a list is in force: from its start on, and until before its end."""
    return (
        status == ACTIVE
        and (starts_at is None or starts_at <= now)
        and (ends_at is None or now < ends_at)
    )


def next_turn(
    status: str, starts_at: datetime | None, ends_at: datetime | None, now: datetime
) -> datetime | None:
    """Returns when a list begins or ends next; None if never."""
    turns = [at for at in (starts_at, ends_at) if at is not None and at > now]
    return min(turns, default=None) if status == ACTIVE else None
