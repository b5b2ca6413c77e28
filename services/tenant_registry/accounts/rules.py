"""Rules for admins, codes, sessions and claims: pure."""

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto

RESET_LIFETIME = timedelta(minutes=15)
STEP_SECONDS = 30
_SKEW_STEPS = (0, -1, 1)
SESSION_LIFETIME = timedelta(days=30)
REFRESH_GRACE = timedelta(seconds=10)


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


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """Users with `value` in `claim` hold `role` at `tenant`; None means everywhere."""

    claim: str
    value: str
    role: str
    tenant: str | None


def roles_of_claims(
    claims: Mapping[str, object], rules: Iterable[ClaimRule]
) -> set[tuple[str, str | None]]:
    """Returns (role, tenant) of each matching rule. A claim is a string or a list of strings."""
    return {
        (rule.role, rule.tenant) for rule in rules if _claim_holds(claims.get(rule.claim), rule)
    }


def _claim_holds(claim: object, rule: ClaimRule) -> bool:
    if isinstance(claim, list):
        return any(isinstance(item, str) and item == rule.value for item in claim)
    return isinstance(claim, str) and claim == rule.value


class LoginMethod(StrEnum):
    """How a session was begun."""

    PASSWORD = auto()
    PASSWORD_TOTP = auto()
    PASSWORD_RECOVERY = auto()
    OIDC = auto()


class SessionEnd(StrEnum):
    """Why a session was ended before its time."""

    LOGGED_OUT = auto()
    TOKEN_REUSED = auto()
    PASSWORD_CHANGED = auto()
    PASSWORD_RESET = auto()
    DEACTIVATED = auto()


class TokenUse(StrEnum):
    """What a refresh token of a live session is."""

    LATEST = auto()
    REPEATED = auto()
    REUSED = auto()


def is_session_live(*, revoke_time: datetime | None, end_time: datetime, now: datetime) -> bool:
    return revoke_time is None and now < end_time


def token_use(use_time: datetime | None, *, is_successor_used: bool, now: datetime) -> TokenUse:
    """Classifies a refresh token by when it was used before.

    A repeat within GRACE is a client whose answer was lost, unless the next token was used already:
    then the answer did arrive, and somebody else has a copy (RFC 9700, 4.14.2).
    """
    if use_time is None:
        return TokenUse.LATEST
    if now - use_time <= REFRESH_GRACE and not is_successor_used:
        return TokenUse.REPEATED
    return TokenUse.REUSED
