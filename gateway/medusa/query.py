"""Parses query strings in the style of Medusa's clients, strictly: the one parser of all routes.

Lists are id[0]=a&id[1]=b, id[]=a, id=a&id=b, id=a,b or id[$in][0]=a; a plain value may also be
handle[$eq]=a, a time created_at[$gt]=a, and a part variants[sku]=a or variants.sku=a. Undeclared
keys are refused: silently ignoring a filter would show objects that it was meant to exclude.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from souk.kernel.v1.times_pb2 import TimeRange

from gateway.medusa.conditions import split
from gateway.medusa.descriptions import description
from gateway.medusa.fields import MOST_CHARACTERS
from gateway.medusa.filters import (
    TIME_OPERATORS,
    Filter,
    Many,
    Order,
    Text,
    Whole,
)
from gateway.medusa.meanings import meaning_of
from gateway.medusa.times import parse_time
from gateway.medusa.values import timestamp
from services.kernel.call.errors import InvalidArgument
from services.kernel.call.limits import LONGEST_TOKEN, MOST_ROWS, MOST_SKIPPED

_KEY = re.compile(r"([a-z][a-z0-9_.]*)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([a-z][a-z0-9_.]*)\](.*)")
_MOST_CONDITIONS = 20
_LIST_FORM = re.compile(r"(\[\$in\])?(\[[0-9]{0,6}\])?|\[\$eq\]")
_VALUE_FORM = re.compile(r"(\[\$eq\])?")


Meaning = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A parsed query; absent keys are empty, 0 or None."""

    _values: Mapping[str, list[str]]
    _keys: Mapping[str, Filter]
    conditions: Sequence[Sequence["ParsedQuery"]] = ()
    """What must hold besides: of each, one."""

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
        return next(iter(self._values.get(name, ())), "")

    def many(self, name: str) -> list[str]:
        return list(self._values.get(name, ()))

    def flag(self, name: str) -> bool | None:
        """Returns true or false, or None if the key is absent."""
        return self.one(name) == "true" if name in self._values else None

    def whole(self, name: str) -> int:
        """Returns a number; its default if the key is absent, 0 if the route does not take it."""
        key = self._keys.get(name)
        default = key.default if isinstance(key, Whole) else 0
        return int(self.one(name)) if name in self._values else default

    def time(self, name: str) -> datetime | None:
        """Returns a time in UTC, or None if the key is absent."""
        return parse_time(self.one(name)) if name in self._values else None

    def time_range(self, name: str) -> TimeRange:
        """Returns the conditions on a time; see `filters.times`."""
        keys = {"eq": name} | {operator: f"{name}[${operator}]" for operator in TIME_OPERATORS}
        found = {operator: self.time(key) for operator, key in keys.items()}
        return TimeRange(**{operator: timestamp(at) for operator, at in found.items() if at})

    @property
    def meaning(self) -> Meaning:
        """The same for every spelling of a query: sorted, and without what is a default."""
        pairs = [(name, meaning_of(self._keys[name], held)) for name, held in self._values.items()]
        for condition in self.conditions:
            pairs.append(("$or", tuple(sorted({repr(filter_.meaning) for filter_ in condition}))))
        return tuple(sorted({pair for pair in pairs if pair[1]}))


@dataclass(frozen=True)
class Query:
    """The query parameters of one resource.

    `limit` is the default page size; None if there are no pages. `order` are the fields by which a
    list can be sorted. Pages follow by offset or, with `by_token`, by token. `required` keys must
    be given. Only what others add keys to, such as a redirect, `ignores_unknown` ones. The filters
    `in_conditions` can also be in `$and` and `$or`.
    """

    filters: Mapping[str, Filter] = field(default_factory=dict)
    order: Collection[str] = ()
    limit: int | None = 50
    by_token: bool = False
    has_fields: bool = True
    required: Collection[str] = ()
    ignores_unknown: bool = False
    in_conditions: Collection[str] = ()

    def parse(self, raw: bytes) -> ParsedQuery:
        """Parses a raw query string.

        Raises:
            InvalidArgument: QUERY_INVALID, naming the key.
        """
        pairs, conditions = split(_pairs(raw)) if self.in_conditions else (_pairs(raw), [])
        if max([len(conditions), *map(len, conditions)]) > _MOST_CONDITIONS:
            _refuse("$and", f"and $or must not have more than {_MOST_CONDITIONS} filters")
        values_by_key = self._values(pairs, self._keys)
        for name in self.required:
            if name not in values_by_key:
                _refuse(name, "is required")
        keys = {name: self.filters[name] for name in self.in_conditions}
        return ParsedQuery(
            values_by_key,
            self._keys,
            tuple(
                tuple(ParsedQuery(self._values(filter_, keys), keys) for filter_ in condition)
                for condition in conditions
            ),
        )

    def _values(
        self, pairs: Iterable[tuple[str, str]], keys: Mapping[str, Filter]
    ) -> dict[str, list[str]]:
        values_by_key: dict[str, list[str]] = {}
        for key, value in pairs:
            name, form = _name(key, keys)
            if name in keys:
                _add_value(key, form, value, keys[name], values_by_key.setdefault(name, []))
            elif not self.ignores_unknown:
                _refuse(key, "is not a supported query parameter; remove it or check its spelling")
        return values_by_key

    def parameters(self) -> list[dict[str, Any]]:
        """Returns the OpenAPI `parameters` of an operation."""
        return [
            {
                "name": name,
                "in": "query",
                "required": name in self.required,
                "description": description(name),
                "schema": item.schema(),
            }
            for name, item in self._keys.items()
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


def _name(key: str, keys: Collection[str]) -> tuple[str, str]:
    """Splits a key into the declared name and how its value is written: variants[sku][] too."""
    match = None if key in keys else _KEY.fullmatch(key)
    name, form = match.groups() if match else (key, "")
    while name not in keys and (part := _PART.fullmatch(form)):
        name, form = f"{name}.{part[1]}", part[2]
    return name, form


def _add_value(key: str, form: str, value: str, kind: Filter, values: list[str]) -> None:
    """Checks a value and adds it to those of its key."""
    most = kind.most if isinstance(kind, Many) else None
    if not (_LIST_FORM if most else _VALUE_FORM).fullmatch(form):
        _refuse(key, "has an unsupported form; send key=value, or key[]=value for a list")
    if values and not most:
        _refuse(key, "must be given only once")
    is_split = isinstance(kind, Many) and not kind.have_commas
    for item in value.split(",") if is_split else [value]:
        if (problem := kind.problem(item)) is not None:
            _refuse(key, problem)
        if item not in values:
            values.append(item)
    if most and len(values) > most:
        _refuse(key, f"must not have more than {most} values")


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:  # UnicodeDecodeError too
        _refuse("query", "must be percent-encoded UTF-8")


def _refuse(key: str, text: str) -> NoReturn:
    raise InvalidArgument("QUERY_INVALID", f"{key[:100]} {text}", {key[:100]: text})
