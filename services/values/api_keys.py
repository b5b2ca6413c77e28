"""API keys as users see them: a prefix for the kind, 30 random characters, and a checksum.

The checksum catches a mistyped or made-up key without a lookup. Only a key's digest is stored: with
178 random bits, SHA-256 needs no salt.
"""

import hashlib
import re
import secrets
import zlib

SECRET, PUBLISHABLE = "SECRET", "PUBLISHABLE"
PREFIXES = {SECRET: "souk_live_", PUBLISHABLE: "pk_"}
SHOWN_CHARACTERS = 4

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM, _CHECK = 30, 6
_BODY = re.compile(rf"[0-9A-Za-z]{{{_RANDOM + _CHECK}}}")


def new_key(kind: str) -> str:
    """Makes a key, which is shown only once."""
    key = PREFIXES[kind] + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return key + _checksum(key)


def visible_prefix(key: str, kind: str) -> str:
    """Returns the part of a key that people recognise it by."""
    return key[: len(PREFIXES[kind]) + SHOWN_CHARACTERS]


def digest(key: str) -> bytes:
    """Returns the digest that a key is stored and found by."""
    return hashlib.sha256(key.encode()).digest()


def is_sound(key: str, kind: str) -> bool:
    """Returns whether a key of this kind is well formed; it may still not exist."""
    prefix = PREFIXES[kind]
    return (
        key.startswith(prefix)
        and _BODY.fullmatch(key, len(prefix)) is not None
        and _checksum(key[:-_CHECK]) == key[-_CHECK:]
    )


def _checksum(text: str) -> str:
    number, letters = zlib.crc32(text.encode()), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_ALPHABET))
        letters = _ALPHABET[digit] + letters
    return letters
