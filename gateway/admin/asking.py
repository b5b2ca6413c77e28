"""Parses the query of admin routes strictly, and sends what it selects."""

from collections.abc import Collection, Sequence
from typing import Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field

from gateway.admin.shapes.scalars import Document
from gateway.medusa import responses
from gateway.medusa.fields import Fields
from gateway.medusa.query import MOST_LIMIT, Asked, Query
from gateway.store.asking import leaves
from services.kernel.call.errors import InvalidArgument

_ONE = Query(limit=None)


async def _writes_ask_nothing(request: Request) -> None:
    if request.method != "GET":
        _ONE.parse(request.scope["query_string"])


# A write is described by its path and body: any unknown query key is refused.
WritesAskNothing = Depends(_writes_ask_nothing)


class Envelope(BaseModel):
    """The counts that every page has besides its documents."""

    count: int = Field(description="The total number of objects on all pages.")
    offset: int
    limit: int


class Resource:
    """One kind of document: its names, its fields, and the query of its list."""

    documented_one: dict[str, Any] = {"parameters": _ONE.parameters()}  # noqa: RUF012  # FastAPI expects a dict

    def __init__(self, singular: str, plural: str, model: type[BaseModel], query: Query) -> None:
        self._singular = singular
        self._plural = plural
        self._query = query
        self._fields = Fields(leaves(model))
        self.documented_list: dict[str, Any] = {"parameters": query.parameters()}

    def asked(self, request: Request) -> Asked:
        """Parses the query of a list.

        Raises:
            InvalidArgument: QUERY_INVALID, naming the key.
        """
        return self._query.parse(request.scope["query_string"])

    def page(self, asked: Asked, documents: Sequence[Document], *, count: int) -> Response:
        """Sends a page, or the whole list with the maximum as limit if it has no pages."""
        selection = self._fields.select(asked.fields)
        parts = [selection.of(document) for document in documents]
        return responses.page(
            self._plural, parts, count=count, offset=asked.offset, limit=asked.limit or MOST_LIMIT
        )

    def one(self, request: Request, document: Document) -> Response:
        """Sends the selected fields of one document, with its ETag if it has one."""
        asked = _ONE.parse(request.scope["query_string"])
        part = self._fields.select(asked.fields).of(document)
        return responses.one(self._singular, part, etag=str(document.get("etag", "")))


def choice(asked: Asked, name: str, known: Collection[str]) -> str:
    """Returns the value of a filter with a fixed set of values; empty if it is absent.

    Raises:
        InvalidArgument: QUERY_INVALID, naming the valid values.
    """
    value = asked.one(name)
    if value and value not in known:
        text = f"must be one of {', '.join(sorted(known))}"
        raise InvalidArgument("QUERY_INVALID", f"{name} {text}", {name: text})
    return value
