"""Limits of requests: those of every list, and those that the contract declares on fields."""

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from souk.kernel.v1 import limits_pb2

from services.kernel.call.errors import invalid

MOST_ROWS = 200
# PostgreSQL reads what is skipped, row by row; whoever reads a whole list has page tokens.
MOST_SKIPPED = 100_000
LONGEST_TOKEN = 4096


def most_characters(kind: type[Message], field: str) -> int:
    """Returns how many characters a text field may have, or each text of a repeated one."""
    return _declared(cast(Descriptor, kind.DESCRIPTOR))[field].most_characters


def most_entries(kind: type[Message], field: str) -> int:
    """Returns how many entries a repeated field may have."""
    return _declared(cast(Descriptor, kind.DESCRIPTOR))[field].most_entries


def declared_limits(field: FieldDescriptor) -> limits_pb2.Limits:
    """Returns the limits of a field of the contract; 0 in them means no limit."""
    return field.GetOptions().Extensions[limits_pb2.limits]


def check(request: Message) -> None:
    """Refuses a request that holds more than the contract allows, also deep within.

    What is wrong in a request's resource is named as its callers do: title, not product.title.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
    """
    if found := dict(_exceeded(request)):
        parts = _parts_with_limits(cast(Descriptor, request.DESCRIPTOR))
        resources = {part.name for part in parts if not part.is_repeated}
        raise invalid("FIELD_INVALID", {_within(resources, at): found[at] for at in found})


def _within(resources: Collection[str], path: str) -> str:
    first, _, rest = path.partition(".")
    return rest if first in resources else path


def _exceeded(message: Message, at: str = "") -> Iterator[tuple[str, str]]:
    kind = cast(Descriptor, message.DESCRIPTOR)
    for name, limits in _declared(kind).items():
        yield from _too_much(getattr(message, name), limits, f"{at}{name}")
    for part in _parts_with_limits(kind):
        value = getattr(message, part.name)
        if part.is_repeated:
            for place, item in enumerate(value):
                yield from _exceeded(item, f"{at}{part.name}[{place}].")
        elif message.HasField(part.name):
            yield from _exceeded(value, f"{at}{part.name}.")


def _too_much(value: Any, limits: limits_pb2.Limits, at: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    is_one = isinstance(value, str)
    if limits.most_bytes:
        if value.ByteSize() > limits.most_bytes:
            yield at, f"must not be larger than {limits.most_bytes} bytes"
    elif 0 < limits.most_entries < len(value):
        yield at, f"must have at most {limits.most_entries} entries"
    elif limits.most_characters:
        for place, text in enumerate([value] if is_one else value):
            if len(text) > limits.most_characters:
                where = at if is_one else f"{at}[{place}]"
                yield where, f"must have at most {limits.most_characters} characters"


@lru_cache(maxsize=512)
def _declared(kind: Descriptor) -> dict[str, limits_pb2.Limits]:
    return {field.name: declared_limits(field) for field in kind.fields if _has_limits(field)}


@lru_cache(maxsize=512)
def _parts_with_limits(kind: Descriptor) -> tuple[FieldDescriptor, ...]:
    """Returns the fields whose messages have limits somewhere; most requests have none."""
    return tuple(field for field in kind.fields if _holds_limits(field, (kind,)))


def _holds_limits(part: FieldDescriptor, above: tuple[Descriptor, ...]) -> bool:
    kind = part.message_type
    if kind is None or kind in above:
        return False
    return any(_has_limits(field) or _holds_limits(field, (*above, kind)) for field in kind.fields)


def _has_limits(field: FieldDescriptor) -> bool:
    return field.GetOptions().HasExtension(limits_pb2.limits)
