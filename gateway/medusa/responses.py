"""Responses as bytes in Medusa's envelopes, and their OpenAPI documentation.

Responses are not validated again; the models in `documented` are for documentation only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

JSON = "application/json"
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def answer(body: Mapping[str, object], *, status: int = 200, etag: str = "") -> Response:
    """Sends a document; `etag`, when given, is the quoted version for If-Match."""
    headers = {"etag": etag} if etag else None
    return Response(
        orjson.dumps(body, option=_OPTIONS), status_code=status, media_type=JSON, headers=headers
    )


def one(singular: str, document: Mapping[str, object], *, etag: str = "") -> Response:
    """Sends `{singular: document}`."""
    return answer({singular: document}, etag=etag)


def page(
    plural: str,
    documents: Sequence[Mapping[str, object]],
    *,
    count: int,
    offset: int,
    limit: int,
    **more: object,
) -> Response:
    """Sends `{plural: [...], count, offset, limit}`; `more` adds keys such as next_page_token."""
    envelope = {plural: documents, "count": count, "offset": offset, "limit": limit}
    return answer({**envelope, **more})


def deleted(kind: str, gone: str, **more: object) -> Response:
    """Sends `{id, object, deleted: true}`: 200 with a body, never 204, which breaks clients."""
    return answer({"id": gone, "object": kind, "deleted": True, **more})


def batch(
    kind: str,
    *,
    created: Sequence[Mapping[str, object]],
    updated: Sequence[Mapping[str, object]],
    deleted: Sequence[str],
) -> Response:
    """Sends what became of the rows of a batch, in their order."""
    gone = {"ids": deleted, "object": kind, "deleted": True}
    return answer({"created": created, "updated": updated, "deleted": gone})


def prepared_one(singular: str, document: bytes) -> Response:
    """Sends a document that a service prepared as JSON, without parsing it."""
    return Response(b'{"%b":%b}' % (singular.encode(), document), media_type=JSON)


def prepared_page(
    plural: str, documents: Sequence[bytes], *, count: int, offset: int, limit: int
) -> Response:
    """Sends a page of documents that a service prepared as JSON."""
    body = b'{"%b":[%b],"count":%d,"offset":%d,"limit":%d}' % (
        plural.encode(),
        b",".join(documents),
        count,
        offset,
        limit,
    )
    return Response(body, media_type=JSON)


class ErrorBody(BaseModel):
    """The error object that every failed request returns."""

    model_config = ConfigDict(title="Error")

    type: str = Field(description="The error type, as in Medusa.", examples=["invalid_data"])
    message: str = Field(description="A human-readable explanation.")
    code: str = Field(
        description="A stable code for programs to handle.", examples=["PAGE_TOKEN_INVALID"]
    )
    details: dict[str, Any] = Field(
        description="The values behind the message, and field violations."
    )
    request_id: str = Field(
        description="The request's id, also in the x-request-id header and the logs."
    )


class DeletedInBatch(BaseModel):
    """The answer to the deletes of a batch."""

    ids: list[str] = Field(description="The ids of what was deleted.")
    object: str = Field(description="The kind of object.")
    deleted: bool


class Deleted(BaseModel):
    """The confirmation of a deletion."""

    id: str = Field(description="The id of the deleted object.")
    object: str = Field(description="The type of the deleted object.", examples=["product"])
    deleted: bool = Field(description="Always true.")


class Owner(BaseModel):
    """The object that another one belonged to."""

    id: str
    object: str = Field(examples=["tenant"])


class DeletedOfTenant(Deleted):
    """The confirmation of the deletion of what belonged to a tenant."""

    parent: Owner


_ERRORS: Mapping[int, str] = {
    400: "The request is invalid or contradicts itself (`invalid_data`, `not_allowed`).",
    401: "The request has no valid session or API key (`unauthorized`).",
    403: "The caller lacks the required permission (`forbidden`).",
    404: "The object or the shop does not exist (`not_found`).",
    409: "The object exists already, or its state has changed (`duplicate_error`, `conflict`).",
    413: "The body exceeds 1 MiB (`invalid_data`).",
    414: "The path and query exceed 8 KiB (`invalid_data`).",
    415: "The body is not JSON (`invalid_data`).",
    429: "Too many requests (`too_many_requests`); wait for Retry-After.",
    431: "More than 64 headers or 16 KiB of headers (`invalid_data`).",
    500: "An error on the platform's side (`unknown_error`), logged under the request id.",
    503: "A required service is unavailable (`unavailable`); wait for Retry-After.",
    504: "A write timed out (`timeout`) and may or may not have taken effect.",
}

Documented = dict[int | str, dict[str, Any]]


# The schema by its name, which openapi.py defines once. With `model` instead, FastAPI would build a
# validator for each response of each route, which is a third of the gateway's start.
_ERROR_CONTENT = {JSON: {"schema": {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}}}


def errors(*statuses: int) -> Documented:
    """Documents error responses, for the `responses` of a router or route."""
    return {
        status: {"description": _ERRORS[status], "content": _ERROR_CONTENT} for status in statuses
    }


def documented(model: type[BaseModel], description: str, *, status: int = 200) -> Documented:
    """Documents the success response of a route, for its `responses`."""
    return {status: {"model": model, "description": description}}


STORE_ERRORS = errors(400, 404, 414, 429, 431, 500, 503)
BUYERS_ERRORS = errors(400, 401, 404, 409, 413, 414, 415, 429, 431, 500, 503, 504)
ADMIN_ERRORS = errors(400, 401, 403, 404, 409, 413, 414, 415, 429, 431, 500, 503, 504)
