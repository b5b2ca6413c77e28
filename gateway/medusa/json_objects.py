"""JSON objects with keys of the client's own, such as metadata, as the contract's Structs."""

from decimal import Decimal
from math import isfinite
from typing import Any

from services.values.structs import MOST_EXACT

# The contract's Struct nests three messages per level, and protobuf parses at most a hundred.
_MOST_NESTED = 20


def storable(value: dict[str, Any]) -> dict[str, Any]:
    """Converts a JSON object for a Struct.

    Raises:
        ValueError: the Struct would change it; says what it must be.
    """
    if "" in value:
        raise ValueError("must not have an empty key")
    return {_text(key): _plain(item, 1) for key, item in value.items()}


def _plain(value: object, depth: int) -> object:
    if depth > _MOST_NESTED:
        raise ValueError(f"must not be nested more than {_MOST_NESTED} levels deep")
    match value:
        case dict():
            return {_text(key): _plain(item, depth + 1) for key, item in value.items()}
        case list():
            return [_plain(item, depth + 1) for item in value]
        case str():
            return _text(value)
        case bool() | None:
            return value
        case int() | float() | Decimal():
            return _number(value)
    raise ValueError("must be valid JSON")


def _text(value: str) -> str:
    value.encode()  # an unpaired surrogate, which JSON allows, raises ValueError here
    return value


def _number(value: int | float | Decimal) -> float:
    if isinstance(value, int) and abs(value) > MOST_EXACT:
        raise ValueError("must not contain an integer too large to be stored exactly")
    as_double = float(value)
    if not isfinite(as_double):
        raise ValueError("must not contain a number too large to be stored")
    if isinstance(value, Decimal) and Decimal(repr(as_double)) != value:
        raise ValueError("must not contain a number with too many digits to be stored exactly")
    return as_double
