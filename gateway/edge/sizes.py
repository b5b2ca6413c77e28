"""Limits the size of a request."""

from itertools import chain

from gateway.asgi import Scope
from gateway.header_fields import HeaderFields
from gateway.medusa.errors import Problem, Refused, problem_of_status

MAX_BODY_BYTES = 1024 * 1024
_UPLOADS = "/admin/uploads"
MAX_TARGET_BYTES = 8 * 1024
MAX_HEADERS = 64
MAX_HEADER_BYTES = 16 * 1024


def is_upload(scope: Scope) -> bool:
    """Returns whether a request brings files; a prefix may still be in its path."""
    return bool(scope["method"] == "POST" and scope["path"].endswith(_UPLOADS))


def most_body_bytes(scope: Scope, upload_bytes: int) -> int:
    return upload_bytes if is_upload(scope) else MAX_BODY_BYTES


def too_large(most_bytes: int) -> Problem:
    return problem_of_status(
        413, f"The request body must not exceed {most_bytes / 1024 / 1024:g} MiB."
    )


def check_size(scope: Scope, fields: HeaderFields, upload_bytes: int) -> None:
    headers = scope["headers"]
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET_BYTES:
        raise Refused(problem_of_status(414))
    size = sum(map(len, chain.from_iterable(headers)))
    if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        raise Refused(problem_of_status(431))
    for length in fields.values(b"content-length"):
        # A number for certain: the parser refuses anything else.
        if int(length) > (most := most_body_bytes(scope, upload_bytes)):
            raise Refused(too_large(most))
