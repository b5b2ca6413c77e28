"""What a password must be, and which code of a second factor counts: pure rules."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

PASSWORD_SHORTEST = 12
PASSWORD_LIMIT = 1024
RESET_LIFETIME = timedelta(minutes=15)
STEP_SECONDS = 30
_SKEW_STEPS = (0, -1, 1)


def password_flaw(password: str, email: str) -> str:
    """Says what is wrong with a new password; empty when nothing is."""
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
    """Finds the step of time that a code belongs to, one before and one after today's included.

    None when it belongs to none of them, or to one that is not later than the last one used: each
    code is good once.
    """
    present = int(now.timestamp()) // STEP_SECONDS
    for skew in _SKEW_STEPS:
        step = present + skew
        if hmac.compare_digest(code_at(step).encode(), code.encode()) and step > last_step:
            return step
    return None
