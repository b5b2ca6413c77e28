"""Parses the query of store routes strictly, and sends what it selects."""

import json
from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

import orjson
from fastapi import Request, Response
from pydantic import BaseModel

from gateway.medusa import responses
from gateway.medusa.fields import Document, Fields, Selection
from gateway.medusa.query import Asked, Query
from gateway.store.shopper import region_of
from gateway.tenancy import KnownTenant
from services.kernel.call.errors import NotFound


class Resource:
    """One kind of document: its names, its query and its fields."""

    def __init__(self, singular: str, plural: str, model: type[BaseModel], query: Query) -> None:
        self.singular = singular
        self.plural = plural
        self.query = query
        self._one = Query({n: query.filters[n] for n in _OF_ONE & query.filters.keys()}, limit=None)
        self._fields = Fields(leaves(model))

    @property
    def documented_list(self) -> dict[str, Any]:
        return {"parameters": self.query.parameters()}

    @property
    def documented_one(self) -> dict[str, Any]:
        return {"parameters": self._one.parameters()}

    def list_asked(self, request: Request, shop: KnownTenant) -> tuple[Asked, Selection]:
        return self._read(self.query, request, shop)

    def one_asked(self, request: Request, shop: KnownTenant) -> Selection:
        return self._read(self._one, request, shop)[1]

    def _read(self, query: Query, request: Request, shop: KnownTenant) -> tuple[Asked, Selection]:
        asked = query.parse(request.scope["query_string"])
        check_region(asked.one("region_id"), shop)
        return asked, self._fields.select(asked.fields)

    def page(
        self, documents: Sequence[bytes], *, count: int, asked: Asked, selection: Selection
    ) -> Response:
        """Sends a page; whole documents are passed through unparsed."""
        if selection.is_whole:
            return responses.ready_page(
                self.plural, documents, count=count, offset=asked.offset, limit=asked.limit
            )
        parts = [selection.of(_parsed(document)) for document in documents]
        return responses.page(
            self.plural, parts, count=count, offset=asked.offset, limit=asked.limit
        )

    def one(self, document: bytes, selection: Selection) -> Response:
        if selection.is_whole:
            return responses.ready_one(self.singular, document)
        return responses.one(self.singular, selection.of(_parsed(document)))

    def not_found(self, name: str) -> NotFound:
        reason = f"{self.singular.removeprefix('product_').upper()}_NOT_FOUND"
        return NotFound(reason, f"No such {self.singular.replace('_', ' ')}: {name[:100]}")


def _parsed(document: bytes) -> Document:
    """Parses a document whose amounts stay as they are written: a float would change some."""
    parsed: Document = json.loads(document, parse_float=orjson.Fragment)
    return parsed


# A region determines the currency of prices, so single documents accept it, too.
_OF_ONE = {"region_id"}


def check_region(region_id: str, shop: KnownTenant) -> None:
    """Refuses any region but the shop's own; another shop's counts as unknown.

    Raises:
        NotFound: REGION_NOT_FOUND.
    """
    if region_id not in ("", region_of(shop)):
        raise NotFound("REGION_NOT_FOUND", f"No such region: {region_id[:100]}")


def leaves(model: type[BaseModel], under: str = "") -> Iterator[str]:
    """Yields the dotted paths of a document's leaves, in the order of its model."""
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is None:
            yield f"{under}{name}"
        else:
            yield from leaves(inner, f"{under}{name}.")


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (list, Union, UnionType):
        return next(filter(None, map(_model_in, get_args(annotation))), None)
    return None
