"""Rules for admins, passwords, codes, sessions and claims: pure."""

import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto

PASSWORD_SHORTEST = 12
PASSWORD_LIMIT = 1024
RESET_LIFETIME = timedelta(minutes=15)
STEP_SECONDS = 30
_SKEW_STEPS = (0, -1, 1)
# The mail server decides about the part before the @, except for spaces and a second @.
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
EMAIL_LIMIT = 254
NAME_LIMIT = 100
SESSION_LIFETIME = timedelta(days=30)
REFRESH_GRACE = timedelta(seconds=10)


def normalised(password: str) -> str:
    """Returns a password as it is hashed: as RFC 8265 (OpaqueString) maps it.

    Keyboards differ in how they compose é, and in which space they type. NFKC would go further,
    and make one password of two that people can tell apart, such as m² and m2.
    """
    spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in password)
    return unicodedata.normalize("NFC", spaced)


def password_flaw(password: str, email: str) -> str:
    """Returns what is wrong with a new password; empty if nothing is."""
    password = normalised(password)
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


def email_of(text: str) -> str:
    """Returns an address in the one form that is stored and looked up, however it is typed."""
    return unicodedata.normalize("NFC", text.strip().lower())


def is_email(text: str) -> bool:
    """Returns whether an admin may have this address."""
    return len(text) <= EMAIL_LIMIT and text.isprintable() and bool(_EMAIL.fullmatch(text))


def admin_violations(email: str, first_name: str, last_name: str) -> dict[str, str]:
    """Lists what is wrong, by field; an e-mail must be as `email_of` returns it."""
    found = {}
    if not is_email(email) or email != email_of(email):
        found["email"] = f"must be an e-mail address of at most {EMAIL_LIMIT} characters"
    for field, name in (("first_name", first_name), ("last_name", last_name)):
        if len(name) > NAME_LIMIT:
            found[field] = f"must have at most {NAME_LIMIT} characters"
    return found


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
        return any(isinstance(one, str) and one == rule.value for one in claim)
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
