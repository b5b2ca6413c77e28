"""Single values of the contract: how JSON shows them, and how they are made of JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

Convert = Callable[[Any], Any]

# A Struct's numbers are doubles: beyond this, neighbouring integers are the same one.
MOST_EXACT = 2**53


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
    made = Timestamp()
    made.FromDatetime(moment)
    return made


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
    names = {one.number: one.name.removeprefix(prefix).lower() for one in kind.values}
    numbers = {name: number for number, name in names.items()}
    return Conversion(names.__getitem__, numbers.__getitem__)


def _struct(value: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(value)
    return made


def _struct_json(struct: Struct) -> object:
    return _whole(MessageToDict(struct))


def _whole(value: object) -> object:
    """Restores integers: a Struct turns 3 into 3.0."""
    match value:
        case dict():
            return {key: _whole(one) for key, one in value.items()}
        case list():
            return [_whole(one) for one in value]
        case float() if value.is_integer() and abs(value) <= MOST_EXACT:
            return int(value)
    return value


def unchanged(value: object) -> object:
    return value


AS_IT_IS = Conversion(unchanged, unchanged)
_OF_MESSAGES = {
    Timestamp.DESCRIPTOR.full_name: Conversion(time_json, timestamp),
    Struct.DESCRIPTOR.full_name: Conversion(_struct_json, _struct),
}
