"""Tokens that are sent out once: only their hashes are stored.

They are long and random, so a plain SHA-256 cannot be reversed. The prefix says what a token is
for; it is hashed too, so that one kind cannot be used as another.
"""

import base64
import hashlib
import hmac
import re
import secrets

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_BYTES = 32
_FORM = re.compile(r"souk_[a-z]+_[A-Za-z0-9_-]{43}")
# Each key is derived from one token and encrypts one other, so the nonce is never reused.
_NONCE = bytes(12)


def new_token(kind: str) -> str:
    """Makes a token such as souk_refresh_…; `kind` is in lower-case letters."""
    return f"souk_{kind}_{secrets.token_urlsafe(_BYTES)}"


def digest(kind: str, token: str) -> bytes | None:
    """Hashes a given token; None if it cannot be one of this kind."""
    if not token.startswith(f"souk_{kind}_") or not _FORM.fullmatch(token):
        return None
    return hashed(token)


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def encrypted_successor(token: str, successor: str) -> bytes:
    """Encrypts the next token so that only the holder of this one can decrypt it."""
    return AESGCM(_key(token)).encrypt(_NONCE, successor.encode(), None)


def decrypted_successor(token: str, ciphertext: bytes) -> str:
    return AESGCM(_key(token)).decrypt(_NONCE, ciphertext, None).decode()


def purpose_encryption(keys: tuple[bytes, ...], purpose: bytes) -> MultiFernet:
    """Derives encryption from shared keys; each purpose can decrypt only its own data."""
    derived = [base64.urlsafe_b64encode(hmac.digest(key, purpose, "sha256")) for key in keys]
    return MultiFernet([Fernet(key) for key in derived])


def _key(token: str) -> bytes:
    return hashlib.sha256(b"the successor of " + token.encode()).digest()
