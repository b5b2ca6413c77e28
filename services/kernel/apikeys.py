"""API keys as people hold them: a prefix that tells the kind, 30 random characters, a checksum.

The checksum tells a mistyped key, or one that was made up, from one that may exist, without asking
anybody. What is kept of a key is its digest: with 178 random bits, SHA-256 needs no salt.
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
    """Makes a key; it is shown once, to who asked for it."""
    key = PREFIXES[kind] + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return key + _checksum(key)


def shown(key: str, kind: str) -> str:
    """Gives the part of a key by which people tell it from others."""
    return key[: len(PREFIXES[kind]) + SHOWN_CHARACTERS]


def digest(key: str) -> bytes:
    """Gives what is kept of a key, and what it is found by."""
    return hashlib.sha256(key.encode()).digest()


def is_sound(key: str, kind: str) -> bool:
    """Tells whether a key of this kind can be spelled so; it knows of no key."""
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
