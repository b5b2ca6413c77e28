"""Limits the size of a request, and reads it completely before any work starts."""

from gateway.edge.asgi import Message, Receive, Scope
from gateway.medusa.errors import Refused, problem_of_status

MAX_BODY_BYTES = 1024 * 1024
MAX_TARGET_BYTES = 8 * 1024
MAX_HEADERS = 64
MAX_HEADER_BYTES = 16 * 1024


def check_size(scope: Scope, headers: list[tuple[bytes, bytes]]) -> None:
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET_BYTES:
        raise Refused(problem_of_status(414))
    size = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        raise Refused(problem_of_status(431))
    for name, value in headers:
        if name == b"content-length" and int(value) > MAX_BODY_BYTES:
            raise Refused(problem_of_status(413))


async def arrived_body(scope: Scope, receive: Receive) -> Receive:
    """Waits for the whole body, so that a slow sender does not block others."""
    bounded = _bounded(receive)
    if scope["method"] in ("GET", "HEAD"):
        return bounded
    arrived = [await bounded()]
    while arrived[-1].get("more_body"):
        arrived.append(await bounded())
    arrived.reverse()

    async def read() -> Message:
        return arrived.pop() if arrived else await receive()

    return read


def _bounded(receive: Receive) -> Receive:
    """Stops reading a body without a declared length once it is too large."""
    size = 0

    async def read() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            raise Refused(problem_of_status(413))
        return message

    return read
