"""A kind of document that routes send: its query, and the fields of it that a client chooses."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar, cast, get_args, get_type_hints

import orjson
from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field
from typing_extensions import is_typeddict

from gateway.medusa import responses
from gateway.medusa.fields import Fields
from gateway.medusa.query import Asked, Query
from gateway.medusa.shapes import Document
from services.kernel.call.limits import MOST_ROWS

M = TypeVar("M")
_ONE = Query(limit=None)


async def _no_query(request: Request) -> None:
    _ONE.parse(request.scope["query_string"])


async def _no_query_of_writes(request: Request) -> None:
    if request.method != "GET":
        await _no_query(request)


# For reads without a query, and for writes, which their path and body describe.
NoQuery = Depends(_no_query)
NoQueryOfWrites = Depends(_no_query_of_writes)


class Envelope(BaseModel):
    """The counts that every page has besides its documents."""

    count: int = Field(description="The total number of objects on all pages.")
    offset: int = Field(description="The number of objects skipped.")
    limit: int = Field(description="The maximum number of objects per page.")


class _Kind:
    """One kind of document: its names, its queries, and the fields that a client can choose."""

    def __init__(
        self, singular: str, plural: str, document: type, *, query: Query, one: Query
    ) -> None:
        self._singular = singular
        self._plural = plural
        self._query = query
        self._one = one
        self._fields = Fields(leaves(document))
        self.documented_list: dict[str, Any] = {"parameters": query.parameters()}
        self.documented_one: dict[str, Any] = {"parameters": one.parameters()}

    def list_query(self, request: Request) -> Asked:
        """Parses the query of a list.

        Raises:
            InvalidArgument: QUERY_INVALID, naming the key.
        """
        return self._query.parse(request.scope["query_string"])

    def one_query(self, request: Request) -> Asked:
        """Parses the query of one document; raises as list_query does."""
        return self._one.parse(request.scope["query_string"])


class Resource(_Kind, Generic[M]):
    """Documents of messages M: in lists, one by one, and as responses to writes.

    `query` is that of lists, `one` that of single documents.
    """

    def __init__(
        self,
        singular: str,
        plural: str,
        document: type[Document[M]],
        query: Query = _ONE,
        one: Query = _ONE,
    ) -> None:
        super().__init__(singular, plural, document, query=query, one=one)
        self._document = document

    def page(self, query: Asked, shown: Sequence[M], *, count: int) -> Response:
        """Sends a page, or the whole list with the maximum as limit if it has no pages."""
        selection = self._fields.select(query.fields)
        parts = [selection.of(self._document.to_json(one)) for one in shown]
        return responses.page(
            self._plural, parts, count=count, offset=query.offset, limit=query.limit or MOST_ROWS
        )

    def page_by_token(self, query: Asked, shown: Sequence[M], *, next_page_token: str) -> Response:
        """Sends a page of a list that grows while it is read; no token on the last page."""
        selection = self._fields.select(query.fields)
        parts = [selection.of(self._document.to_json(one)) for one in shown]
        token = next_page_token or None
        return responses.answer(
            {self._plural: parts, "limit": query.limit, "next_page_token": token}
        )

    def one(self, query: Asked, shown: M, **beside: object) -> Response:
        """Sends the selected fields of one document, with its ETag if it has one."""
        document = self._document.to_json(shown, **beside)
        part = self._fields.select(query.fields).of(document)
        return responses.one(self._singular, part, etag=_etag(document))

    def response(self, shown: M, **beside: object) -> Response:
        """Sends the whole document after a write, with its ETag if it has one."""
        document = self._document.to_json(shown, **beside)
        return responses.one(self._singular, document, etag=_etag(document))


class PreparedResource(_Kind):
    """Documents that services prepared as JSON: whole ones are sent unparsed."""

    def __init__(
        self, singular: str, plural: str, document: type, query: Query, one: Query = _ONE
    ) -> None:
        super().__init__(singular, plural, document, query=query, one=one)

    def page(self, query: Asked, shown: Sequence[bytes], *, count: int) -> Response:
        selection = self._fields.select(query.fields)
        if not selection.is_whole:
            shown = [orjson.dumps(selection.of(_exact(one))) for one in shown]
        return responses.prepared_page(
            self._plural, shown, count=count, offset=query.offset, limit=query.limit
        )

    def one(self, query: Asked, shown: bytes) -> Response:
        selection = self._fields.select(query.fields)
        if not selection.is_whole:
            shown = orjson.dumps(selection.of(_exact(shown)))
        return responses.prepared_one(self._singular, shown)


def leaves(*documents: type, under: str = "") -> Iterator[str]:
    """Yields the dotted paths of the leaves of the last document, which is in the others.

    A document within itself, such as a category above another, is a leaf.
    """
    for name, annotation in _fields(documents[-1]).items():
        inner = _document_in(annotation)
        if inner is None or inner in documents:
            yield f"{under}{name}"
        else:
            yield from leaves(*documents, inner, under=f"{under}{name}.")


def _fields(document: type) -> dict[str, Any]:
    if issubclass(document, BaseModel):
        return {f.alias or name: f.annotation for name, f in document.model_fields.items()}
    return get_type_hints(document)


def _document_in(annotation: Any) -> type | None:  # noqa: ANN401 - any annotation
    if is_typeddict(annotation) or (
        isinstance(annotation, type) and issubclass(annotation, BaseModel)
    ):
        return cast("type", annotation)
    return next(filter(None, map(_document_in, get_args(annotation))), None)


def _exact(document: bytes) -> dict[str, object]:
    """Parses a document so that its numbers keep every digit."""
    parsed: dict[str, object] = json.loads(document, parse_float=orjson.Fragment)
    return parsed


def _etag(document: dict[str, object]) -> str:
    return str(document.get("etag") or "")
