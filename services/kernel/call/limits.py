"""Limits of requests: those of every list, and those that the contract declares on fields."""

from collections.abc import Iterator
from functools import lru_cache
from typing import cast

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from souk.kernel.v1 import limits_pb2

from services.kernel.call.errors import invalid

MOST_ROWS = 200
MOST_SKIPPED = 100_000
LONGEST_TOKEN = 4096


def most_characters(kind: type[Message], field: str) -> int:
    """Returns how many characters a text field may have, or each text of a repeated one."""
    return _declared(cast(Descriptor, kind.DESCRIPTOR))[field].most_characters


def most_entries(kind: type[Message], field: str) -> int:
    """Returns how many entries a repeated field may have."""
    return _declared(cast(Descriptor, kind.DESCRIPTOR))[field].most_entries


def check(request: Message) -> None:
    """Refuses a request whose own fields hold more than the contract allows.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
    """
    if found := dict(_exceeded(request)):
        raise invalid("FIELD_INVALID", found)


def _exceeded(request: Message) -> Iterator[tuple[str, str]]:
    for field, limits in _declared(cast(Descriptor, request.DESCRIPTOR)).items():
        value = getattr(request, field)
        texts = [value] if isinstance(value, str) else value
        if 0 < limits.most_entries < len(texts):
            yield field, f"must have at most {limits.most_entries} entries"
        elif limits.most_characters and any(len(t) > limits.most_characters for t in texts):
            yield field, f"must have at most {limits.most_characters} characters"


@lru_cache(maxsize=512)
def _declared(kind: Descriptor) -> dict[str, limits_pb2.Limits]:
    options = {field.name: field.GetOptions() for field in kind.fields}
    return {
        name: option.Extensions[limits_pb2.limits]
        for name, option in options.items()
        if option.HasExtension(limits_pb2.limits)
    }
