"""The fields that many documents have."""

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

import orjson
from google.type.money_pb2 import Money
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from gateway.medusa.filters import ID_RULE
from gateway.medusa.json_objects import storable
from gateway.medusa.shapes import WHOLE, From, NotInMessage
from gateway.medusa.times import parse_time
from gateway.medusa.values import last_id
from services.kernel.call.errors import invalid
from services.kernel.call.names import IDENTIFIER
from services.values.money import amount, json_number, minor_units


def exact(value: object) -> object:
    """Makes a Decimal of an integer, as JSON's other numbers are read, and nothing of all else."""
    # An integer is a valid price; true and "9.90" are not.
    return Decimal(value) if type(value) is int else value


def upper_code(code: str) -> str:
    """Writes a code in upper case; "ß" is not another spelling of SS, as str.upper has it."""
    return code.upper() if code.isascii() else code


def amount_json(price: Money) -> orjson.Fragment:
    """Writes a price in major units, digit for digit."""
    return orjson.Fragment(json_number(minor_units(price), price.currency_code).encode())


def reference(path: str, to: str) -> From:
    """Declares a field that holds the id of another resource, such as `to="collections"`."""
    return From(path, read=last_id, write=partial(_name, to))


def _name(kind: str, id_: str) -> str:
    if not id_:
        return ""
    if not IDENTIFIER.fullmatch(id_):
        raise invalid("NAME_INVALID", {"": ID_RULE})
    return f"{kind}/{id_}"


Id = Annotated[str, From("name", last_id)]
Etag = Annotated[str, Field(description="Send it as If-Match to change only this version.")]
Handle = Annotated[
    str,
    Field(
        description="Lower-case letters, digits and single hyphens; made from the title by default."
    ),
]
Int32 = Annotated[int, Field(ge=0, le=2**31 - 1)]

Metadata = Annotated[
    dict[str, Any],
    AfterValidator(storable),
    Field(
        description="Keys of your own. An update changes the keys that it has, and removes those "
        'that it sets to "".'
    ),
]
Time = Annotated[str, Field(description="ISO 8601, UTC.", examples=["2026-01-31T09:30:00.000Z"])]
CreatedAt = Annotated[Time, From("create_time")]
UpdatedAt = Annotated[Time, From("update_time")]
NeverDeleted = Annotated[
    Time | None, NotInMessage(), Field(description="Always null: what is deleted is gone.")
]


def _moment(value: object) -> datetime:
    try:
        return parse_time(value)
    except ValueError as wrong:
        raise PydanticCustomError("time", "{wrong}", {"wrong": str(wrong)}) from None


# Not pydantic's own datetime, which guesses one from half a date and from a number.
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]

ValidateOnly = Annotated[
    bool,
    NotInMessage(),
    Field(description="Return what the request would change, without changing it."),
]

Amount = Annotated[
    Decimal,
    BeforeValidator(exact),
    From(WHOLE, read=amount_json, write=partial(amount, field="")),
    Field(description="In major units, exact: 189.9 TND is 189 dinars and 900 millimes."),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "examples": [59.9]}),
]


def _plain(number: Decimal) -> str:
    # Before its digits are written out: 1e999999999 is short, its digits are not.
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise invalid("FIELD_INVALID", {"": f"must be a number of at most {MOST_DIGITS} digits"})
    return f"{number:f}"


MOST_DIGITS = 30
Number = Annotated[
    Decimal,
    BeforeValidator(exact),
    From(read=orjson.Fragment, write=_plain),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "examples": [10]}),
]
CurrencyCode = Annotated[
    str,
    From(read=str.lower, write=upper_code),
    Field(description="ISO 4217, case-insensitive.", examples=["eur"]),
]
LowerCode = Annotated[str, From(read=str.lower), Field(description="Lower case.")]
CountryCode = Annotated[
    str,
    From(read=str.lower, write=upper_code),
    Field(description="ISO 3166-1 alpha-2, case-insensitive.", examples=["fr"]),
]
