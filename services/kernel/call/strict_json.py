"""JSON as its grammar has it, and no object has the same key twice: parsers disagree about both."""

import json
from base64 import urlsafe_b64decode
from typing import Any, NoReturn


class RepeatedKey(ValueError):
    """An object has the same key twice."""


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Makes an object of its members, as `object_pairs_hook` of `json.loads`.

    Raises:
        RepeatedKey: a key occurs twice.
    """
    members = dict(pairs)
    if len(members) != len(pairs):
        raise RepeatedKey("an object has the same key twice")
    return members


def no_constant(name: str) -> NoReturn:
    """Refuses NaN and the infinities, as `parse_constant` of `json.loads`, which takes them.

    No time is after an infinite one, and no comparison with NaN holds.
    """
    raise ValueError(f"{name} is not JSON")


def jwt_part(part: str | bytes) -> dict[str, object]:
    """Decodes the header or the claims of a compact JWT, without verifying anything.

    Raises:
        ValueError: it is not base64url, not UTF-8, not JSON, or has a key twice.
        TypeError: it is not an object.
    """
    encoded = part.encode() if isinstance(part, str) else part
    raw = urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
    decoded = json.loads(
        raw.decode(), object_pairs_hook=without_repeats, parse_constant=no_constant
    )
    if not isinstance(decoded, dict):
        raise TypeError("not an object")
    return decoded
