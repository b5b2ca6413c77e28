"""JSON objects with keys of the client's own, as the contract's Structs."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

# A Struct's numbers are doubles: beyond this, neighbouring integers are the same one.
MOST_EXACT = 2**53


def struct_json(struct: Struct) -> dict[str, Any]:
    """Returns a Struct as a JSON object, with its integers: a Struct turns 3 into 3.0."""
    return {key: _whole(value) for key, value in MessageToDict(struct).items()}


def metadata_of(message: Any) -> dict[str, Any] | None:  # noqa: ANN401  # has metadata
    """Reads the metadata of a message; None if it has none, which is not the same as {}."""
    return struct_json(message.metadata) if message.HasField("metadata") else None


def merged(stored: Mapping[str, Any] | None, changes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Sets keys of an object, and removes those that are set to ""; None if none is there then."""
    keys = {**(stored or {}), **changes}
    return {key: value for key, value in keys.items() if value != ""} or None


def _whole(value: Any) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case dict():
            return {key: _whole(item) for key, item in value.items()}
        case list():
            return [_whole(item) for item in value]
        case float() if value.is_integer() and abs(value) <= MOST_EXACT:
            return int(value)
    return value
