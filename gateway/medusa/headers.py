"""How request headers are read: a single one, If-None-Match, and If-Match and Idempotency-Key."""

import re
import uuid
from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Header, Request

from services.kernel.call.errors import InvalidArgument

LONGEST_KEY = 255
SHORTEST_UNGUESSABLE = 22
_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")
_ETAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e]{0,100}")')
_NAMESPACE = uuid.UUID("5b6a4f0e-5d0c-4c53-8f4c-1a5d5d1c0b52")


def single(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """Returns the value of a header; None if it is absent.

    Raises:
        ValueError: it is there with different values, so the first must not win silently.
    """
    values = {value.strip() for key, value in headers if key == name.encode()}
    if len(values) > 1:
        raise ValueError(f"{name} is sent with different values")
    return values.pop().decode("latin-1") if values else None


def is_current(if_none_match: bytes, etag: bytes) -> bool:
    """Returns whether a client has this version already; weak and strong ETags are the same."""
    if not if_none_match or not etag:
        return False
    opaque = etag.removeprefix(b"W/")
    held = (one.strip().removeprefix(b"W/") for one in if_none_match.split(b","))
    return if_none_match.strip() == b"*" or opaque in held


async def _idempotency_key(
    request: Request,
    _: Annotated[
        str | None,
        Header(
            alias="idempotency-key",
            description="Makes a retry safe: within 24 hours, the same key with the same body "
            "returns the first response; with another body it is an error (REQUEST_ID_REUSED). "
            "A UUID, or printable ASCII characters without spaces.",
            json_schema_extra={"minLength": 1, "maxLength": LONGEST_KEY},
        ),
    ] = None,
) -> str:
    """Returns the request id for the RPC: the key if it is a UUID, else one derived from it.

    Raises:
        InvalidArgument: IDEMPOTENCY_KEY_INVALID.
    """
    try:
        value = single(request.scope["headers"], "idempotency-key")
    except ValueError:
        value = ""
    if value is None:
        return ""
    key = value.strip('"')
    if not _KEY.fullmatch(key):
        raise InvalidArgument(
            "IDEMPOTENCY_KEY_INVALID",
            f"Send one Idempotency-Key of 1 to {LONGEST_KEY} printable ASCII characters"
            " without spaces.",
        )
    try:
        return str(uuid.UUID(key))
    except ValueError:
        return str(uuid.uuid5(_NAMESPACE, key))


async def _unguessable_key(
    request: Request, request_id: Annotated[str, Depends(_idempotency_key)]
) -> str:
    """Returns the request id of a caller whom nobody knows: who sends the key gets the answer.

    Raises:
        InvalidArgument: IDEMPOTENCY_KEY_INVALID, somebody else could guess the key.
    """
    value = single(request.scope["headers"], "idempotency-key") or ""
    if request_id and len(value.strip('"')) < SHORTEST_UNGUESSABLE:
        raise InvalidArgument(
            "IDEMPOTENCY_KEY_INVALID",
            f"Without a login, send an Idempotency-Key of at least {SHORTEST_UNGUESSABLE}"
            " characters that nobody can guess, such as a random UUID.",
        )
    return request_id


async def _if_match(
    request: Request,
    _: Annotated[
        str | None,
        Header(
            alias="if-match",
            description="An ETag from an earlier response: only that version is changed. "
            'A stale one returns 409 ETAG_MISMATCH. A proxy may have weakened it to W/"…".',
        ),
    ] = None,
) -> str:
    """Returns the ETag for the RPC, quoted and strong; empty if any version matches.

    A proxy that compresses a response weakens its ETag. The version is the same, so it counts.

    Raises:
        InvalidArgument: ETAG_INVALID.
    """
    try:
        value = single(request.scope["headers"], "if-match")
    except ValueError:
        value = ""
    if value is None or value == "*":
        return ""
    etag = _ETAG.fullmatch(value)
    if etag is None:
        raise InvalidArgument(
            "ETAG_INVALID", "If-Match must be a single quoted ETag from an earlier response."
        )
    return etag[1]


IdempotencyKey = Annotated[str, Depends(_idempotency_key)]
UnguessableKey = Annotated[str, Depends(_unguessable_key)]
IfMatch = Annotated[str, Depends(_if_match)]
