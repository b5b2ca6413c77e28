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
    copy = type(message)()
    copy.CopyFrom(message)
    _clear(copy)
    return copy


def _kind(message: Message) -> Descriptor:
    return cast(Descriptor, message.DESCRIPTOR)  # the stubs have two descriptor classes


@lru_cache(maxsize=512)
def _fields_with(kind: Descriptor, sensitivity: int) -> frozenset[str]:
    return frozenset(
        field.name for field in kind.fields if _contains(field, sensitivity, frozenset())
    )


def _contains(field: FieldDescriptor, sensitivity: int, seen: frozenset[str]) -> bool:
    if _sensitivity(field) == sensitivity:
        return True
    inner = field.message_type
    if inner is None or inner.full_name in seen:  # a message may contain itself, like JSON
        return False
    return any(_contains(field, sensitivity, seen | {inner.full_name}) for field in inner.fields)


def _sensitivity(field: FieldDescriptor) -> int:
    return int(field.GetOptions().Extensions[access_pb2.sensitivity])


def _clear(message: Message) -> None:
    for field, value in message.ListFields():
        if _sensitivity(field) == access_pb2.SENSITIVITY_SECRET:
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
