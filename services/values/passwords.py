"""Passwords: how they are spelled, and which may be chosen."""

import unicodedata

from services.values.emails import canonical_email

PASSWORD_SHORTEST = 12
# In bytes of its canonical spelling. The contracts have the same limit, in characters as typed.
PASSWORD_LIMIT = 1024


def canonical_password(password: str) -> str:
    """Spells a password as PRECIS OpaqueString does (RFC 8265, 4.2), whatever keyboard typed it.

    Accents are composed, and every space is the ASCII one. No character is refused, unlike there:
    which ones exist depends on Python's version of Unicode, and a password must outlive that.
    """
    spaced = "".join(
        " " if unicodedata.category(character) == "Zs" else character for character in password
    )
    return unicodedata.normalize("NFC", spaced)


def is_too_long(password: str) -> bool:
    return len(canonical_password(password).encode()) > PASSWORD_LIMIT


def password_flaw(password: str, email: str) -> str:
    """Returns what is wrong with a new password; empty if nothing is."""
    if is_too_long(password):
        return f"must have at most {PASSWORD_LIMIT} bytes"
    password = canonical_password(password)
    if len(password) < PASSWORD_SHORTEST:
        return f"must have at least {PASSWORD_SHORTEST} characters"
    if canonical_email(password) in (email, email.partition("@")[0]):
        return "must not be the e-mail address"
    return ""
