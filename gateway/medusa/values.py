"""Single values of the contract: how JSON shows them, and how they are made of JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from services.values.structs import struct_json

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a value of the contract becomes JSON, and how it is made of a body's value."""

    read: Convert
    write: Convert


def conversion(field: FieldDescriptor) -> Conversion:
    """Returns the conversion that follows from the type of a field of the contract."""
    if field.enum_type is not None:
        return _enum(field.enum_type)
    kind = field.message_type
    return _OF_MESSAGES.get(kind.full_name, AS_IT_IS) if kind is not None else AS_IT_IS


def enum_value(kind: Any, word: str) -> Any:  # noqa: ANN401 - any enum of the contract
    """Returns the value STATE_LIVE of an enum State for the word live; the first for none."""
    return _enum(kind.DESCRIPTOR).write(word or "unspecified")


def time_json(moment: Timestamp) -> str:
    """Formats a time as Medusa does: UTC, in milliseconds."""
    aware = moment.ToDatetime(tzinfo=UTC)
    return aware.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def timestamp(moment: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def last_id(name: str) -> str:
    """Returns the last id of a resource name; empty for an empty name."""
    return name.rpartition("/")[2]


def tenant_of(name: str) -> str | None:
    """Returns the tenant in a resource name; None for a name of the platform's."""
    kind, _, rest = name.partition("/")
    return rest.partition("/")[0] if kind == "tenants" else None


def _enum(kind: EnumDescriptor) -> Conversion:
    """Names the value STATE_LIVE of the enum State live; the unspecified value has no name."""
    prefix = kind.values[0].name.removesuffix("UNSPECIFIED")
    names = {item.number: item.name.removeprefix(prefix).lower() for item in kind.values}
    numbers = {name: number for number, name in names.items()}
    return Conversion(names.__getitem__, numbers.__getitem__)


def _struct(value: dict[str, Any]) -> Struct:
    message = Struct()
    message.update(value)
    return message


def unchanged(value: object) -> object:
    return value


AS_IT_IS = Conversion(unchanged, unchanged)
_OF_MESSAGES = {
    Timestamp.DESCRIPTOR.full_name: Conversion(time_json, timestamp),
    Struct.DESCRIPTOR.full_name: Conversion(struct_json, _struct),
}
