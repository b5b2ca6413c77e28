"""The forms of a query key's value: each checks a value, and describes itself for OpenAPI."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.medusa.times import parse_time
from services.kernel.call.names import IDENTIFIER
from services.kernel.process.tenant_ids import LONGEST, RULE, TENANT_ID, WHOLE

# Longer than any id or handle: a longer value names nothing.
LONGEST_ID = 200
ID_RULE = "must be an id: letters and digits, with . _ or - between them"
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
_WHOLE = re.compile(r"[0-9]{1,16}")
_LOCALE = r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*"
_LONGEST_LOCALE = 35


class Filter(Protocol):
    """The form of one value."""

    def problem(self, value: str) -> str | None:
        """Returns what is wrong with a value, or None."""

    def schema(self) -> dict[str, Any]:
        """Returns the JSON schema for OpenAPI."""


@dataclass(frozen=True, slots=True)
class One:
    """An id, a handle or a name. It is never empty: that would select everything."""

    longest: int = LONGEST_ID

    def problem(self, value: str) -> str | None:
        return "must not be empty" if not value else _text_problem(value, self.longest)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.longest}


@dataclass(frozen=True, slots=True)
class Id:
    """An id that becomes part of a resource name."""

    def problem(self, value: str) -> str | None:
        if not value or IDENTIFIER.fullmatch(value) is None:
            return ID_RULE
        return One().problem(value)

    def schema(self) -> dict[str, Any]:
        return {**One().schema(), "pattern": f"^{IDENTIFIER.pattern}$"}


@dataclass(frozen=True, slots=True)
class TenantId:
    """A tenant's id, which is also a host label."""

    def problem(self, value: str) -> str | None:
        return None if TENANT_ID.fullmatch(value) else RULE

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": WHOLE}


@dataclass(frozen=True, slots=True)
class Text:
    """Free text such as a search; an empty one is the same as none."""

    longest: int

    def problem(self, value: str) -> str | None:
        return _text_problem(value, self.longest)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest}


@dataclass(frozen=True, slots=True)
class Many:
    """Up to `most` values, each of the form `of`; those that `have_commas` are never split."""

    most: int
    of: "One | Id | Choice" = field(default_factory=One)
    have_commas: bool = False

    def problem(self, value: str) -> str | None:
        return self.of.problem(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.of.schema(), "maxItems": self.most}


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    def problem(self, value: str) -> str | None:
        return None if value in ("true", "false") else "must be true or false"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a fixed set of words."""

    words: Collection[str]

    def problem(self, value: str) -> str | None:
        return None if value in self.words else f"must be one of {', '.join(sorted(self.words))}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": sorted(self.words)}


@dataclass(frozen=True, slots=True)
class Order:
    """A field to sort by, ascending or, after a -, descending; an empty one is the default."""

    fields: Collection[str]

    def problem(self, value: str) -> str | None:
        if not value or value.removeprefix("-") in self.fields:
            return None
        return f"must be one of {', '.join(sorted(self.fields))}, optionally prefixed with -"

    def schema(self) -> dict[str, Any]:
        names = [sign + name for name in sorted(self.fields) for sign in ("", "-")]
        return {"type": "string", "enum": names}


@dataclass(frozen=True, slots=True)
class Locale:
    """A BCP 47 tag, whether or not there is such a locale; an empty one is the same as none."""

    def problem(self, value: str) -> str | None:
        if len(value) <= _LONGEST_LOCALE and re.fullmatch(f"({_LOCALE})?", value):
            return None
        return "must be a locale as a BCP 47 tag, for example fr or fr-TN"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": _LONGEST_LOCALE, "pattern": f"^({_LOCALE})?$"}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds, which are included."""

    least: int
    most: int
    default: int

    def problem(self, value: str) -> str | None:
        if _WHOLE.fullmatch(value) and self.least <= int(value) <= self.most:
            return None
        return f"must be a whole number from {self.least} to {self.most}"

    def schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.least, "maximum": self.most, "default": self.default}
        return {"type": "integer", **bounds}


@dataclass(frozen=True, slots=True)
class Time:
    """An RFC 3339 time with an offset."""

    def problem(self, value: str) -> str | None:
        try:
            parse_time(value)
        except ValueError as wrong:
            # In a query a plus is a space, so an offset often arrives without it.
            return f"{wrong}, with + written as %2B" if " " in value else str(wrong)
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money in major units."""

    def problem(self, value: str) -> str | None:
        return None if _AMOUNT.fullmatch(value) else "must be an amount, for example 10.5"

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": 0}


@dataclass(frozen=True, slots=True)
class Unused:
    """A value of the form `of` that clients send and that changes no answer yet."""

    of: One | Id = field(default_factory=One)

    def problem(self, value: str) -> str | None:
        return self.of.problem(value)

    def schema(self) -> dict[str, Any]:
        return self.of.schema()


# The operators of `times`, with what they mean; without one, a time must be equal.
TIME_OPERATORS = {
    "gt": "after this time",
    "gte": "at or after this time",
    "lt": "before this time",
    "lte": "at or before this time",
}


def times(*names: str) -> dict[str, Time]:
    """Makes the keys of filters on times: created_at, created_at[$gt] and so on.

    `ParsedQuery.time_range` reads them.
    """
    operators = ["", *_bracketed(TIME_OPERATORS)]
    return {f"{name}{operator}": Time() for name in names for operator in operators}


# The operators of `amounts`, with what they mean; without one, an amount must be equal.
AMOUNT_OPERATORS = {
    "gt": "more than this amount",
    "gte": "this amount or more",
    "lt": "less than this amount",
    "lte": "this amount or less",
}


def amounts(name: str) -> dict[str, Amount]:
    """Makes the keys of a filter on an amount: price, price[$gt] and so on."""
    return {f"{name}{operator}": Amount() for operator in ("", *_bracketed(AMOUNT_OPERATORS))}


def _bracketed(operators: Collection[str]) -> list[str]:
    return [f"[${operator}]" for operator in operators]


def _text_problem(value: str, longest: int) -> str | None:
    if len(value) > longest:
        return f"must not be longer than {longest} characters"
    if any(unicodedata.category(c) == "Cc" for c in value):
        return "must not contain control characters"
    return None
