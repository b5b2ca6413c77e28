"""Limits the size of a request."""

from gateway.edge.asgi import Scope
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
