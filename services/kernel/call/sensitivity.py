"""Which fields hold personal data or secrets, as declared in the contract."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from souk.kernel.v1 import access_pb2

M = TypeVar("M", bound=Message)


def personal_fields(message: Message) -> frozenset[str]:
    """Returns the fields of a message that are, or contain, personal data."""
    return _fields_with(_kind(message), access_pb2.SENSITIVITY_PERSONAL)


def without_secrets(message: M) -> M:
    """Returns the message without its secrets, however deep; the original is not changed."""
    if not _fields_with(_kind(message), access_pb2.SENSITIVITY_SECRET):
        return message
    told = type(message)()
    told.CopyFrom(message)
    _clear(told)
    return told


def _kind(message: Message) -> Descriptor:
    return cast(Descriptor, message.DESCRIPTOR)  # the stubs have two descriptor classes


@lru_cache(maxsize=512)
def _fields_with(kind: Descriptor, sensitivity: int) -> frozenset[str]:
    return frozenset(f.name for f in kind.fields if _holds(f, sensitivity, frozenset()))


def _holds(field: FieldDescriptor, sensitivity: int, seen: frozenset[str]) -> bool:
    if _of(field) == sensitivity:
        return True
    inner = field.message_type
    if inner is None or inner.full_name in seen:  # a message may contain itself, like JSON
        return False
    return any(_holds(f, sensitivity, seen | {inner.full_name}) for f in inner.fields)


def _of(field: FieldDescriptor) -> int:
    return int(field.GetOptions().Extensions[access_pb2.sensitivity])


def _clear(message: Message) -> None:
    for field, value in message.ListFields():
        if _of(field) == access_pb2.SENSITIVITY_SECRET:
            message.ClearField(field.name)
        else:
            for inner in _messages(field, value):
                _clear(inner)


def _messages(field: FieldDescriptor, value: Any) -> Iterator[Message]:  # noqa: ANN401 - any field value
    if field.message_type is None:
        return
    if field.message_type.GetOptions().map_entry:
        if field.message_type.fields_by_name["value"].message_type is not None:
            yield from value.values()
    elif field.is_repeated:
        yield from value
    else:
        yield value
