"""Parses query strings in the style of Medusa's clients, strictly: the one parser of all routes.

Lists are id[0]=a&id[1]=b, id[]=a, id=a&id=b, id=a,b or id[$in][0]=a; a plain value may also be
handle[$eq]=a. Undeclared keys are refused: silently ignoring a filter would show objects that it
was meant to exclude.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from gateway.medusa.fields import MOST_CHARACTERS
from gateway.medusa.filters import Filter, Many, Order, Text, Whole
from gateway.medusa.times import parse_time
from services.kernel.call.errors import InvalidArgument
from services.kernel.call.limits import LONGEST_TOKEN, MOST_ROWS, MOST_SKIPPED

_KEY = re.compile(r"([a-z][a-z0-9_]*)((?:\[[^\[\]]*\])*)")
_OF_A_LIST = re.compile(r"(\[\$in\])?(\[[0-9]{0,6}\])?|\[\$eq\]")
_OF_A_VALUE = re.compile(r"(\[\$eq\])?")
# The description of each query key, for every resource that declares it.
_MEANINGS = {
    "actor": "Only events by this actor, for example admins/user_01J.",
    "admin": "An admin's id. Without it, everyone with the permission is listed.",
    "category_id": "Only objects in these categories or their subcategories.",
    "code": "The code from the identity provider.",
    "collection_id": "Only objects in these collections.",
    "email": "Only the user with this e-mail address.",
    "fields": "The fields to return: plain names replace the default, +name adds, -name removes.",
    "format": "cloudevents is for other tools and contains no proofs.",
    "from": "The size of the earlier log.",
    "handle": "Only objects with this handle.",
    "id": "Only objects with these ids.",
    "is_giftcard": "Gift cards are not supported: true returns an empty list.",
    "limit": "The maximum number of objects to return.",
    "method": "Only events of this method.",
    "offset": "The number of objects to skip.",
    "order": "The field to sort by; prefix it with - for descending order.",
    "outcome": "Only events with this outcome.",
    "page_token": "The next_page_token of the previous page; keep all other parameters the same.",
    "parent_category_id": "Only direct children of this category; null returns the top level.",
    "permission": "A permission as `noun:verb`, for example listing:write.",
    "q": "The words to search for; without any, nothing is filtered.",
    "reason": "The reason, recorded in the audit log.",
    "region_id": "The region whose prices to return; each shop has exactly one.",
    "resource": "Only events on this resource, for example tenants/paris/listings/prod_01J.",
    "since": "Only events at or after this time.",
    "state": "Only objects in this state.",
    "status": "Only objects with this status.",
    "tag_id": "Only objects with one of these tags.",
    "tenant": "A tenant's id. Without it, the platform.",
    "to": "The size of the later log.",
    "type_id": "Only objects of these types.",
    "until": "Only events before this time.",
    "user_id": "Only objects of this user.",
    "validate_only": "Return what the request would change, without changing it.",
    "with_deactivated": "Include deactivated users.",
    "with_deleted": "Include archived tenants.",
    "with_ended": "Include assignments that were revoked or have expired.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A parsed query; absent keys are empty, 0 or None."""

    _given: Mapping[str, list[str]]
    _keys: Mapping[str, Filter]

    @property
    def limit(self) -> int:
        return self.whole("limit")

    @property
    def offset(self) -> int:
        return self.whole("offset")

    @property
    def order(self) -> str:
        return self.one("order")

    @property
    def fields(self) -> str:
        return self.one("fields")

    def one(self, name: str) -> str:
        return next(iter(self._given.get(name, ())), "")

    def many(self, name: str) -> list[str]:
        return list(self._given.get(name, ()))

    def flag(self, name: str) -> bool | None:
        """Returns true or false, or None if the key is absent."""
        return self.one(name) == "true" if name in self._given else None

    def whole(self, name: str) -> int:
        """Returns a number; its default if the key is absent, 0 if the route does not take it."""
        key = self._keys.get(name)
        default = key.default if isinstance(key, Whole) else 0
        return int(self.one(name)) if name in self._given else default

    def time(self, name: str) -> datetime | None:
        """Returns a time in UTC, or None if the key is absent."""
        return parse_time(self.one(name)) if name in self._given else None


@dataclass(frozen=True)
class Query:
    """The query parameters of one resource.

    `limit` is the default page size; None if there are no pages. `order` are the fields by which a
    list can be sorted. Pages follow by offset or, with `by_token`, by token. `required` keys must
    be given. Only what others add keys to, such as a redirect, `ignores_unknown` ones.
    """

    filters: Mapping[str, Filter] = field(default_factory=dict)
    order: Collection[str] = ()
    limit: int | None = 50
    by_token: bool = False
    has_fields: bool = True
    required: Collection[str] = ()
    ignores_unknown: bool = False

    def parse(self, raw: bytes) -> Asked:
        """Parses a raw query string.

        Raises:
            InvalidArgument: QUERY_INVALID, naming the key.
        """
        given: dict[str, list[str]] = {}
        for key, value in _pairs(raw):
            match = _KEY.fullmatch(key)
            name, form = match.groups() if match else (key, "")
            if name in self._keys:
                _take(key, form, value, self._keys[name], given.setdefault(name, []))
            elif not self.ignores_unknown:
                _refuse(key, "is not a supported query parameter; remove it or check its spelling")
        for name in self.required:
            if name not in given:
                _refuse(name, "is required")
        return Asked(given, self._keys)

    def parameters(self) -> list[dict[str, Any]]:
        """Returns the OpenAPI `parameters` of an operation."""
        return [
            {
                "name": name,
                "in": "query",
                "required": name in self.required,
                "description": _MEANINGS[name],
                "schema": one.schema(),
            }
            for name, one in self._keys.items()
        ]

    @cached_property
    def _keys(self) -> dict[str, Filter]:
        keys: dict[str, Filter] = dict(self.filters)
        if self.order:
            keys["order"] = Order(self.order)
        if self.limit is not None:
            keys["limit"] = Whole(1, MOST_ROWS, self.limit)
            if self.by_token:
                keys["page_token"] = Text(LONGEST_TOKEN)
            else:
                keys["offset"] = Whole(0, MOST_SKIPPED, 0)
        if self.has_fields:
            keys["fields"] = Text(MOST_CHARACTERS)
        return keys


def _take(key: str, form: str, value: str, kind: Filter, values: list[str]) -> None:
    """Checks a value and adds it to those of its key."""
    most = kind.most if isinstance(kind, Many) else None
    if not (_OF_A_LIST if most else _OF_A_VALUE).fullmatch(form):
        _refuse(key, "has an unsupported form; send key=value, or key[]=value for a list")
    if values and not most:
        _refuse(key, "must be given only once")
    for one in value.split(",") if most else [value]:
        if (problem := kind.problem(one)) is not None:
            _refuse(key, problem)
        if one not in values:
            values.append(one)
    if most and len(values) > most:
        _refuse(key, f"must not have more than {most} values")


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:  # UnicodeDecodeError too
        _refuse("query", "must be percent-encoded UTF-8")


def _refuse(key: str, text: str) -> NoReturn:
    raise InvalidArgument("QUERY_INVALID", f"{key[:100]} {text}", {key[:100]: text})
