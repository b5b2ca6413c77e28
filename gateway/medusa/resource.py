"""A kind of document that routes send: its query, and the fields of it that a client chooses."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar, cast, get_args, get_type_hints

import orjson
from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field
from typing_extensions import is_typeddict

from gateway.medusa import responses
from gateway.medusa.fields import Fields
from gateway.medusa.filters import Locale
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.shapes import Document
from services.kernel.call.limits import MOST_ROWS

M = TypeVar("M")
Completion = Callable[[dict[str, Any]], None]
_ONE = Query(limit=None)
_NONE = Query(limit=None, has_fields=False)


async def _no_query(request: Request) -> None:
    _NONE.parse(request.scope["query_string"])


async def _no_query_of_writes(request: Request) -> None:
    documented = request.scope["route"].openapi_extra or {}
    if request.method != "GET" and "parameters" not in documented:
        await _no_query(request)


# For routes without a query; a write that documents one parses it itself.
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
        self,
        singular: str,
        plural: str,
        document: type,
        *,
        query: Query,
        one: Query,
        on_request: Collection[str] = (),
    ) -> None:
        self._singular = singular
        self._plural = plural
        self.query_of_list = query
        self.query_of_one = one
        paths = list(leaves(document))
        defaults = [
            path
            for path in paths
            if path not in on_request and path.partition(".")[0] not in on_request
        ]
        self._fields = Fields(paths, defaults=defaults)
        self.documented_list: dict[str, Any] = {"parameters": query.parameters()}
        self.documented_one: dict[str, Any] = {"parameters": one.parameters()}

    def list_query(self, request: Request) -> ParsedQuery:
        """Parses the query of a list.

        Raises:
            InvalidArgument: QUERY_INVALID, naming the key.
        """
        return self.query_of_list.parse(request.scope["query_string"])

    async def query_of_answer(self, request: Request) -> ParsedQuery:
        """Parses what a write's answer shall hold, before anything is written; raises as above."""
        query = self.one_query(request)
        self._fields.select(query.fields)
        return query

    def asks_for(self, query: ParsedQuery, part: str) -> bool:
        """Returns whether a client wants a part of the document."""
        return self._fields.select(query.fields).includes(part)

    def one_query(self, request: Request) -> ParsedQuery:
        """Parses the query of one document; raises as list_query does."""
        return self.query_of_one.parse(request.scope["query_string"])


class Resource(_Kind, Generic[M]):
    """Documents of messages M: in lists, one by one, and as answers to writes.

    `query` is that of lists, `one` that of single documents.
    """

    def __init__(
        self,
        singular: str,
        plural: str,
        document: type[Document[M]],
        query: Query = _ONE,
        one: Query = _ONE,
        *,
        on_request: Collection[str] = (),
    ) -> None:
        super().__init__(singular, plural, document, query=query, one=one, on_request=on_request)
        self._document = document

    def page(
        self,
        query: ParsedQuery,
        messages: Sequence[M],
        *,
        count: int,
        beside: Callable[[M], Mapping[str, object]] = lambda _: {},
    ) -> Response:
        """Sends a page, or the whole list with the maximum as limit if it has no pages.

        `beside` returns the fields of a document that are not in its message.
        """
        selection = self._fields.select(query.fields)
        parts = [
            selection.of(self._document.to_json(message, **beside(message))) for message in messages
        ]
        return responses.page(
            self._plural, parts, count=count, offset=query.offset, limit=query.limit or MOST_ROWS
        )

    def page_of_one(self, query: ParsedQuery, message: M) -> Response:
        """Sends a page of the only object that there is, if the query's filters leave it.

        `q` searches its name.
        """
        document = self._document.to_json(message)
        is_left = query.one("q").casefold() in str(document["name"]).casefold() and all(
            document[key] in values
            for key in ("id", "name", "currency_code")
            if (values := query.many(key))
        )
        messages = [message] if is_left else []
        return self.page(query, messages[query.offset :], count=len(messages))

    def page_by_token(
        self, query: ParsedQuery, messages: Sequence[M], *, next_page_token: str
    ) -> Response:
        """Sends a page of a list that grows while it is read; no token on the last page."""
        selection = self._fields.select(query.fields)
        parts = [selection.of(self._document.to_json(message)) for message in messages]
        token = next_page_token or None
        return responses.answer(
            {self._plural: parts, "limit": query.limit, "next_page_token": token}
        )

    def one(self, query: ParsedQuery, message: M, **others: object) -> Response:
        """Sends the selected fields of one document, with its ETag if it has one."""
        document = self._document.to_json(message, **others)
        part = self._fields.select(query.fields).of(document)
        return responses.one(self._singular, part, etag=_etag(document))


class PreparedResource(_Kind):
    """Documents that services prepared as JSON: whole ones are sent unparsed.

    They are read in a `locale`.

    The parts that are only there `on_request` are in a document if the route asked for them.
    """

    def __init__(
        self,
        singular: str,
        plural: str,
        document: type,
        query: Query,
        one: Query = _ONE,
        *,
        on_request: Collection[str] = (),
    ) -> None:
        super().__init__(
            singular,
            plural,
            document,
            query=_with_locale(query),
            one=_with_locale(one),
            on_request=on_request,
        )

    def page(
        self,
        query: ParsedQuery,
        documents: Sequence[bytes],
        *,
        count: int,
        complete: Completion | None = None,
    ) -> Response:
        """Sends a page; `complete` adds to each document what services did not prepare."""
        return responses.prepared_page(
            self._plural,
            self._selected(query, documents, complete),
            count=count,
            offset=query.offset,
            limit=query.limit,
        )

    def one(
        self, query: ParsedQuery, document: bytes, complete: Completion | None = None
    ) -> Response:
        return responses.prepared_one(self._singular, self.part(query, document, complete))

    def part(
        self, query: ParsedQuery, document: bytes, complete: Completion | None = None
    ) -> bytes:
        """Returns the selected fields of a document."""
        [selected] = self._selected(query, [document], complete)
        return selected

    def _selected(
        self, query: ParsedQuery, documents: Sequence[bytes], complete: Completion | None
    ) -> Sequence[bytes]:
        """Returns what a client wants of documents, unparsed where that is all they have."""
        selection = self._fields.select(query.fields)
        if complete is None and (selection.is_whole or selection == self._fields.select("")):
            return documents
        parsed = [_exact(document) for document in documents]
        if complete is not None:
            for document in parsed:
                complete(document)
        return [orjson.dumps(selection.of(document)) for document in parsed]


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


def _with_locale(query: Query) -> Query:
    return replace(query, filters={**query.filters, "locale": Locale()})


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


def _exact(document: bytes) -> dict[str, Any]:
    """Parses a document so that its numbers keep every digit."""
    parsed: dict[str, Any] = json.loads(document, parse_float=orjson.Fragment)
    return parsed


def _etag(document: dict[str, object]) -> str:
    return str(document.get("etag") or "")
