"""When a session ends, and what the use of a refresh token means: pure rules."""

from datetime import datetime, timedelta
from enum import StrEnum, auto

LONGEST = timedelta(days=30)
GRACE = timedelta(seconds=10)


class Method(StrEnum):
    """How a session was begun."""

    PASSWORD = auto()
    PASSWORD_TOTP = auto()
    PASSWORD_RECOVERY = auto()
    OIDC = auto()


class End(StrEnum):
    """Why a session was ended before its time."""

    LOGGED_OUT = auto()
    TOKEN_REUSED = auto()
    PASSWORD_CHANGED = auto()
    PASSWORD_RESET = auto()
    DEACTIVATED = auto()


class Shown(StrEnum):
    """What a refresh token of a live session is."""

    LATEST = auto()
    REPEATED = auto()
    REUSED = auto()


def is_live(*, revoke_time: datetime | None, end_time: datetime, now: datetime) -> bool:
    return revoke_time is None and now < end_time


def shown(use_time: datetime | None, *, is_successor_used: bool, now: datetime) -> Shown:
    """Classifies a refresh token by when it was used before.

    A repeat within GRACE is a client whose answer was lost, unless the next token was used already:
    then the answer did arrive, and somebody else has a copy (RFC 9700, 4.14.2).
    """
    if use_time is None:
        return Shown.LATEST
    if now - use_time <= GRACE and not is_successor_used:
        return Shown.REPEATED
    return Shown.REUSED
