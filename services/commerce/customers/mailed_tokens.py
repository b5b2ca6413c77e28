"""Tokens that are mailed: only their hashes are stored.

They are long and random, so a plain SHA-256 cannot be reversed. The prefix says what a token is
for; it is hashed too, so that one kind cannot be used as another.
"""

import hashlib
import re
import secrets

_FORM = re.compile(r"souk_[a-z]+_[A-Za-z0-9_-]{43}")


def new_token(kind: str) -> str:
    """Makes a token such as souk_passwordreset_…; `kind` is in lower-case letters."""
    return f"souk_{kind}_{secrets.token_urlsafe(32)}"


def digest(kind: str, token: str) -> bytes | None:
    """Hashes a given token; None if it cannot be one of this kind."""
    if not token.startswith(f"souk_{kind}_") or not _FORM.fullmatch(token):
        return None
    return hashed(token)


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
