"""Parses the query of admin routes strictly, and sends what it selects."""

from collections.abc import Sequence
from typing import Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field

from gateway.admin.shapes.scalars import Document
from gateway.medusa import responses
from gateway.medusa.fields import Fields
from gateway.medusa.query import Asked, Query
from gateway.store.asking import leaves
from services.kernel.call.limits import MOST_ROWS

_ONE = Query(limit=None)


async def _asks_nothing(request: Request) -> None:
    _ONE.parse(request.scope["query_string"])


async def _writes_ask_nothing(request: Request) -> None:
    if request.method != "GET":
        await _asks_nothing(request)


# For reads without a query, and for writes, which their path and body describe.
AsksNothing = Depends(_asks_nothing)
WritesAskNothing = Depends(_writes_ask_nothing)

# For a route that reads one document: its query is checked first, whatever it finds.
READS_ONE: dict[str, Any] = {
    "openapi_extra": {"parameters": _ONE.parameters()},
    "dependencies": [AsksNothing],
}


class Envelope(BaseModel):
    """The counts that every page has besides its documents."""

    count: int = Field(description="The total number of objects on all pages.")
    offset: int
    limit: int


class Resource:
    """One kind of document: its names, its fields, and the query of its list."""

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
            self._plural, parts, count=count, offset=asked.offset, limit=asked.limit or MOST_ROWS
        )

    def page_by_token(
        self, asked: Asked, documents: Sequence[Document], *, next_page_token: str
    ) -> Response:
        """Sends a page of a list that grows while it is read; no token on the last page."""
        selection = self._fields.select(asked.fields)
        parts = [selection.of(document) for document in documents]
        token = next_page_token or None
        return responses.answer(
            {self._plural: parts, "limit": asked.limit, "next_page_token": token}
        )

    def one(self, request: Request, document: Document) -> Response:
        """Sends the selected fields of one document, with its ETag if it has one."""
        return self.selected(_ONE.parse(request.scope["query_string"]), document)

    def selected(self, asked: Asked, document: Document) -> Response:
        """Does the same for a query that was parsed before."""
        part = self._fields.select(asked.fields).of(document)
        return responses.one(self._singular, part, etag=str(document.get("etag", "")))
