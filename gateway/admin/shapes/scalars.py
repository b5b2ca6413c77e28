"""The scalar values in the admin API's documents."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import orjson
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from gateway.medusa.times import parse_time
from services.values.money import json_number, minor_units, minor_units_of, money

Document = dict[str, object]


class Body(BaseModel):
    """A request body: unknown keys are refused, and no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


def optional(**documented: Any) -> Any:  # noqa: ANN401  # as pydantic's Field
    """Declares a key that may be left out but not be null: the field is never empty.

    The value of an absent key is None, whatever the type says; read it with `given` or `or`.
    """
    return Field(default_factory=lambda: None, **documented)


def _exact(given: object) -> object:
    # An integer is a valid price; true and "9.90" are not.
    return Decimal(given) if type(given) is int else given


Amount = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(description="In major units, exact: 189.9 TND is 189 dinars and 900 millimes."),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "examples": [59.9]}),
]
CurrencyCode = Annotated[str, Field(description="ISO 4217, case-insensitive.", examples=["eur"])]
CountryCode = Annotated[
    str, Field(description="ISO 3166-1 alpha-2, case-insensitive.", examples=["fr"])
]
Handle = Annotated[
    str,
    Field(
        description="Lower-case letters, digits and single hyphens; made from the title by default."
    ),
]
Int32 = Annotated[int, Field(ge=0, le=2**31 - 1)]


def _moment(given: object) -> datetime:
    try:
        return parse_time(given)
    except ValueError as wrong:
        raise PydanticCustomError("time", "{wrong}", {"wrong": str(wrong)}) from None


# Not pydantic's own datetime, which guesses one from half a date and from a number.
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Time = Annotated[str, Field(description="ISO 8601, UTC.", examples=["2026-01-31T09:30:00.000Z"])]
Etag = Annotated[str, Field(description="Send it as If-Match to change only this version.")]


def last_id(name: str) -> str:
    """Returns the last id of a resource name; empty for an empty name."""
    return name.rpartition("/")[2]


def last_id_or_null(name: str) -> str | None:
    return last_id(name) or None


def name_of(kind: str, given: str | None) -> str:
    """Makes a resource name such as collections/pcol_01…; empty for no id."""
    return f"{kind}/{given}" if given else ""


def time_json(moment: Timestamp) -> str:
    """Formats a time as Medusa does: UTC, in milliseconds."""
    aware = moment.ToDatetime(tzinfo=UTC)
    return aware.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_json(message: Message, field: str) -> str | None:
    """Formats a time that may be unset."""
    return time_json(getattr(message, field)) if message.HasField(field) else None


def money_of(amount: Decimal, currency: str, *, field: str) -> Money:
    """Converts an amount in major units to the contract's Money.

    Raises:
        InvalidArgument: the amount is not exactly representable, or the currency is unknown.
    """
    code = currency.upper()
    return money(minor_units_of(amount, code, field=field), code)


def amount_json(price: Money) -> orjson.Fragment:
    """Formats a price as a JSON number in major units, digit for digit."""
    return orjson.Fragment(json_number(minor_units(price), price.currency_code).encode())


# An option of the request, and what identifies an element of a list: no fields to change.
_NO_FIELD = frozenset({"validate_only", "id"})


def mask_of(body: BaseModel, renamed: Mapping[str, str] | None = None) -> FieldMask:
    """Returns the update mask of the keys in a body, including null ones.

    `renamed` maps a key to its field in the contract if the names differ.
    """
    other = renamed or {}
    return FieldMask(paths=sorted(other.get(key, key) for key in _fields(body)))


def given(body: BaseModel) -> dict[str, Any]:
    """Returns the non-null values of a body; null clears a field, so it stays unset."""
    values = {key: getattr(body, key) for key in _fields(body)}
    return {key: value for key, value in values.items() if value is not None}


def _fields(body: BaseModel) -> set[str]:
    return body.model_fields_set - _NO_FIELD
