"""Parses query strings in the style of Medusa's clients, strictly.

Lists are id[0]=a&id[1]=b, id[]=a, id=a&id=b, id=a,b or id[$in][0]=a; a plain value may also be
handle[$eq]=a. Undeclared keys are refused: silently ignoring a filter would show objects that it
was meant to exclude.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from services.kernel.call.errors import InvalidArgument

MOST_LIMIT = 200
MOST_OFFSET = 100_000
MOST_VALUES = 200
MOST_CHARACTERS = 200

_KEY = re.compile(r"([a-z][a-z0-9_]*)((?:\[[^\[\]]*\])*)")
_OF_A_LIST = re.compile(r"(\[\$in\])?(\[[0-9]{0,6}\])?|\[\$eq\]")
_OF_A_VALUE = re.compile(r"(\[\$eq\])?")
_PAGING = {"limit": MOST_LIMIT, "offset": MOST_OFFSET}
# The description of each query key, for every resource that declares it.
_MEANINGS = {
    "admin": "An admin's id. Without it, everyone with the permission is listed.",
    "category_id": "Only objects in these categories or their subcategories.",
    "collection_id": "Only objects in these collections.",
    "email": "Only the user with this e-mail address.",
    "fields": "The fields to return: plain names replace the default, +name adds, -name removes.",
    "handle": "Only objects with this handle.",
    "id": "Only objects with these ids.",
    "is_giftcard": "Gift cards are not supported: true returns an empty list.",
    "limit": "The maximum number of objects to return.",
    "offset": "The number of objects to skip.",
    "order": "The field to sort by; prefix it with - for descending order.",
    "parent_category_id": "Only direct children of this category; null returns the top level.",
    "permission": "A permission as `noun:verb`, for example listing:write.",
    "q": "The words to search for.",
    "reason": "The reason, recorded in the audit log.",
    "region_id": "The region whose prices to return; each shop has exactly one.",
    "state": "Only objects in this state.",
    "status": "Only objects with this status.",
    "tag_id": "Only objects with one of these tags.",
    "tenant": "A tenant's id. Without it, the platform.",
    "type_id": "Only objects of these types.",
    "user_id": "Only objects of this user.",
    "validate_only": "Return what the request would change, without changing it.",
    "with_deactivated": "Include deactivated users.",
    "with_deleted": "Include archived tenants.",
    "with_ended": "Include assignments that were revoked or have expired.",
}


class Kind(Enum):
    """The form of a filter."""

    ONE = "string"
    MANY = "array"
    FLAG = "boolean"


@dataclass(frozen=True, slots=True)
class Asked:
    """A parsed query; absent keys are empty."""

    limit: int
    offset: int
    order: str
    fields: str
    _given: Mapping[str, list[str]]

    def one(self, name: str) -> str:
        return next(iter(self._given.get(name, ())), "")

    def many(self, name: str) -> list[str]:
        return list(self._given.get(name, ()))

    def flag(self, name: str) -> bool | None:
        """Returns true or false, or None if the key is absent."""
        return self.one(name) == "true" if name in self._given else None


@dataclass(frozen=True, slots=True)
class Query:
    """The query parameters of one resource.

    `limit` is the default page size; None if there are no pages. `order` are the fields by which a
    list can be sorted.
    """

    filters: Mapping[str, Kind] = field(default_factory=dict)
    order: Collection[str] = ()
    limit: int | None = 50

    def parse(self, raw: bytes) -> Asked:
        """Parses a raw query string.

        Raises:
            InvalidArgument: QUERY_INVALID, naming the key.
        """
        given: dict[str, list[str]] = {}
        for key, value in _pairs(raw):
            self._take(key, value, given)
        return Asked(
            limit=_whole_number("limit", given, 1, default=self.limit or 0),
            offset=_whole_number("offset", given, 0, default=0),
            order=self._order(next(iter(given.get("order", ())), "")),
            fields=next(iter(given.get("fields", ())), ""),
            _given={name: values for name, values in given.items() if name in self.filters},
        )

    def parameters(self) -> list[dict[str, Any]]:
        """Returns the OpenAPI `parameters` of an operation."""
        schemas: dict[str, dict[str, Any]] = {name: _schema(k) for name, k in self.filters.items()}
        if self.order:
            names = [sign + name for name in sorted(self.order) for sign in ("", "-")]
            schemas["order"] = {"type": "string", "enum": names}
        if self.limit is not None:
            schemas["limit"] = _range(1, MOST_LIMIT, self.limit)
            schemas["offset"] = _range(0, MOST_OFFSET, 0)
        schemas["fields"] = {"type": "string", "maxLength": 4096, "examples": ["id,title"]}
        return [
            {"name": name, "in": "query", "description": _MEANINGS[name], "schema": schema}
            for name, schema in schemas.items()
        ]

    def _take(self, key: str, value: str, given: dict[str, list[str]]) -> None:
        match = _KEY.fullmatch(key)
        name, how = match.groups() if match else (key, "")
        kind = self.filters.get(name)
        if kind is None and not self._is_own(name):
            _refuse(key, "is not a supported query parameter; remove it or check its spelling")
        many = kind is Kind.MANY
        if not (_OF_A_LIST if many else _OF_A_VALUE).fullmatch(how):
            _refuse(key, "has an unsupported form; send key=value, or key[]=value for a list")
        if not many and name in given:
            _refuse(key, "must be given only once")
        values = given.setdefault(name, [])
        if kind is not None:
            _check(key, kind, value)
        values += [v for v in (value.split(",") if many else [value]) if v not in values]
        if len(values) > MOST_VALUES:
            _refuse(key, f"must not have more than {MOST_VALUES} values")

    def _is_own(self, name: str) -> bool:
        return (
            name == "fields"
            or (name == "order" and bool(self.order))
            or (name in _PAGING and self.limit is not None)
        )

    def _order(self, text: str) -> str:
        if text and text.removeprefix("-") not in self.order:
            _refuse(
                "order",
                f"must be one of {', '.join(sorted(self.order))}, optionally prefixed with -",
            )
        return text


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:  # UnicodeDecodeError too
        _refuse("query", "must be percent-encoded UTF-8")


def _check(key: str, kind: Kind, value: str) -> None:
    if "\x00" in value:
        _refuse(key, "must not contain a null character")
    if kind is Kind.FLAG and value not in ("true", "false"):
        _refuse(key, "must be true or false")
    if kind is Kind.ONE and len(value) > MOST_CHARACTERS:
        _refuse(key, f"must not be longer than {MOST_CHARACTERS} characters")
    if kind is Kind.MANY and any(len(v) > MOST_CHARACTERS for v in value.split(",")):
        _refuse(key, f"must not have a value longer than {MOST_CHARACTERS} characters")


def _whole_number(key: str, given: Mapping[str, list[str]], least: int, *, default: int) -> int:
    if key not in given:
        return default
    text = given[key][0]
    if not re.fullmatch(r"[0-9]{1,6}", text) or not least <= int(text) <= _PAGING[key]:
        _refuse(key, f"must be a whole number from {least} to {_PAGING[key]}")
    return int(text)


def _schema(kind: Kind) -> dict[str, Any]:
    text = {"type": "string", "maxLength": MOST_CHARACTERS}
    if kind is Kind.MANY:
        return {"type": "array", "items": text, "maxItems": MOST_VALUES}
    return text if kind is Kind.ONE else {"type": "boolean"}


def _range(least: int, most: int, default: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most, "default": default}


def _refuse(key: str, text: str) -> NoReturn:
    raise InvalidArgument("QUERY_INVALID", f"{key[:100]} {text}", {key[:100]: text})
