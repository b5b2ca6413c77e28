"""Reads and writes the value at a path of fields in a message of the contract."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from gateway.medusa import paths
from gateway.medusa.values import Convert, unchanged
from services.kernel.call.errors import InvalidArgument, invalid

Read = Callable[[Any], object]
Write = Callable[[Any, Any], None]


def fields(kind: type[Message], steps: Sequence[str]) -> list[FieldDescriptor]:
    """Returns the fields on a path.

    Raises:
        KeyError: the message has no such path.
    """
    found: list[FieldDescriptor] = []
    for step in steps:
        inside: Any = found[-1].message_type if found else kind.DESCRIPTOR
        found.append(inside.fields_by_name[step])
    return found


def reader(path: Sequence[FieldDescriptor], convert: Convert, *, nullable: bool) -> Read:
    """Returns the function that reads a path; `nullable`: an unset or empty value is None."""
    if not path:
        return convert
    field, get = path[0], attrgetter(path[0].name)
    inner = reader(path[1:], convert, nullable=nullable)
    if _is_map(field):
        return lambda message: dict(get(message))
    if field.is_repeated:
        return lambda message: [inner(one) for one in get(message)]
    if nullable and field.message_type is not None:
        return lambda message: inner(get(message)) if message.HasField(field.name) else None
    if nullable:
        return lambda message: inner(value) if (value := get(message)) else None
    return get if inner is unchanged else lambda message: inner(get(message))


def writer(path: Sequence[FieldDescriptor], convert: Convert) -> Write:
    """Returns the function that writes a value, or each of several, to a path.

    It raises InvalidArgument as `convert` does, with the place of the value among several.
    """
    if not path:
        return lambda message, value: message.MergeFrom(convert(value))
    field, inner = path[0], writer(path[1:], convert)

    def write(message: Message, value: Any) -> None:  # noqa: ANN401 - any value of a body
        held = getattr(message, field.name)
        if _is_map(field):
            held.update(value)
        elif field.is_repeated:
            for place, one in enumerate(value):
                with at(place):
                    inner(held.add(), one) if path[1:] else held.append(convert(one))
        elif path[1:]:
            inner(held, value)
        elif field.message_type is not None:
            held.MergeFrom(convert(value))
            held.SetInParent()
        else:
            setattr(message, field.name, convert(value))

    return write


@contextmanager
def at(step: paths.Step) -> Iterator[None]:
    """Adds a step to the paths of whatever is refused inside."""
    try:
        yield
    except InvalidArgument as refusal:
        places = {paths.join(step, path): text for path, text in refusal.violations.items()}
        raise invalid(refusal.reason, places) from None


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry
