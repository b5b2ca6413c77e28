"""Reads and writes the value at a path of fields in a message of the contract."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from souk.kernel.v1.limits_pb2 import Limits

from gateway.medusa import paths
from gateway.medusa.values import Convert, unchanged
from services.kernel.call.errors import InvalidArgument, invalid
from services.kernel.call.limits import declared_limits

Read = Callable[[Any], object]
Write = Callable[[Any, Any], None]


def fields(kind: type[Message], steps: Sequence[str]) -> list[FieldDescriptor]:
    """Returns the fields on a path.

    Raises:
        KeyError: the message has no such path.
    """
    path: list[FieldDescriptor] = []
    for step in steps:
        message: Any = path[-1].message_type if path else kind.DESCRIPTOR
        path.append(message.fields_by_name[step])
    return path


def limit_schema(schema: dict[str, Any], path: Sequence[FieldDescriptor]) -> None:
    """Adds the limits that the contract declares on a path to the JSON schema of its values."""
    limits = Limits()
    for field in path:
        limits.MergeFrom(declared_limits(field))
    for kind in schema.get("anyOf", [schema]):
        is_list = kind.get("type") == "array"
        if is_list and limits.most_entries:
            kind["maxItems"] = limits.most_entries
        text = kind["items"] if is_list else kind
        if text.get("type") == "string" and limits.most_characters:
            text["maxLength"] = limits.most_characters


def reader(path: Sequence[FieldDescriptor], convert: Convert, *, nullable: bool) -> Read:
    """Returns the function that reads a path; `nullable`: an unset or empty value is None."""
    if not path:
        return convert
    field, get = path[0], attrgetter(path[0].name)
    inner = reader(path[1:], convert, nullable=nullable)
    if _is_map(field):
        return lambda message: dict(get(message))
    if field.is_repeated:
        return lambda message: [inner(item) for item in get(message)]
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
        target = getattr(message, field.name)
        if _is_map(field):
            target.update(value)
        elif field.is_repeated:
            for place, item in enumerate(value):
                with prefix_violations(place):
                    inner(target.add(), item) if path[1:] else target.append(convert(item))
        elif path[1:]:
            inner(target, value)
        elif field.message_type is not None:
            target.MergeFrom(convert(value))
            target.SetInParent()
        else:
            setattr(message, field.name, convert(value))

    return write


@contextmanager
def prefix_violations(step: paths.Step) -> Iterator[None]:
    """Adds a step to the paths of whatever is refused inside."""
    try:
        yield
    except InvalidArgument as refusal:
        places = {paths.join(step, path): text for path, text in refusal.violations.items()}
        raise invalid(refusal.reason, places) from None


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry
