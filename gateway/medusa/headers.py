"""The request headers of writes: If-Match and Idempotency-Key."""

import re
import uuid
from typing import Annotated

from fastapi import Depends, Header

from services.kernel.call.errors import InvalidArgument

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,100}"')
_NAMESPACE = uuid.UUID("5b6a4f0e-5d0c-4c53-8f4c-1a5d5d1c0b52")


async def _idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            max_length=255,
            description="Makes a retry safe: within 24 hours, the same key with the same body "
            "returns the first response; with another body it is an error (REQUEST_ID_REUSED). "
            "A UUID, or 1 to 255 printable characters.",
        ),
    ] = None,
) -> str:
    """Returns the request id for the RPC: the key if it is a UUID, else one derived from it.

    Raises:
        InvalidArgument: IDEMPOTENCY_KEY_INVALID.
    """
    if idempotency_key is None:
        return ""
    key = idempotency_key.strip('"')
    if not _KEY.fullmatch(key):
        raise InvalidArgument(
            "IDEMPOTENCY_KEY_INVALID", "The Idempotency-Key must be 1 to 255 printable characters."
        )
    try:
        return str(uuid.UUID(key))
    except ValueError:
        return str(uuid.uuid5(_NAMESPACE, key))


async def _if_match(
    if_match: Annotated[
        str | None,
        Header(
            max_length=110,
            description="An ETag from an earlier response: only that version is changed. "
            "A stale one returns 409 ETAG_MISMATCH.",
        ),
    ] = None,
) -> str:
    """Returns the ETag for the RPC, quoted as received; empty if any version matches.

    Raises:
        InvalidArgument: ETAG_INVALID.
    """
    if if_match is None or if_match.strip() == "*":
        return ""
    etag = if_match.strip()
    if not _ETAG.fullmatch(etag):
        raise InvalidArgument(
            "ETAG_INVALID", "If-Match must be a single quoted ETag from an earlier response."
        )
    return etag


IdempotencyKey = Annotated[str, Depends(_idempotency_key)]
IfMatch = Annotated[str, Depends(_if_match)]
