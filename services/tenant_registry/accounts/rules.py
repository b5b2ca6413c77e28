"""Rules for passwords and for codes of a second factor: pure."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

PASSWORD_SHORTEST = 12
PASSWORD_LIMIT = 1024
RESET_LIFETIME = timedelta(minutes=15)
STEP_SECONDS = 30
_SKEW_STEPS = (0, -1, 1)


def password_flaw(password: str, email: str) -> str:
    """Returns what is wrong with a new password; empty if nothing is."""
    if len(password) < PASSWORD_SHORTEST:
        return f"must have at least {PASSWORD_SHORTEST} characters"
    if len(password.encode()) > PASSWORD_LIMIT:
        return f"must have at most {PASSWORD_LIMIT} bytes"
    if password.strip().lower() in (email, email.partition("@")[0]):
        return "must not be the e-mail address"
    return ""


def step_of(
    code: str, *, last_step: int, now: datetime, code_at: Callable[[int], str]
) -> int | None:
    """Finds the time step that a code belongs to: the current one, or one before or after.

    None if it belongs to none of them, or to one that is not after the last one used: each code
    works once.
    """
    present = int(now.timestamp()) // STEP_SECONDS
    for skew in _SKEW_STEPS:
        step = present + skew
        if hmac.compare_digest(code_at(step).encode(), code.encode()) and step > last_step:
            return step
    return None
