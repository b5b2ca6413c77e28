"""The single place that turns exceptions into Medusa's error body.

The body is always `{type, message, code, details, request_id}`; clients rely on `code`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

import grpc
import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from gateway.medusa import violations
from gateway.request_state import state_of
from services.kernel.call.errors import ServiceError, from_rpc, sentence

_log = structlog.get_logger("gateway")

# FAILED_PRECONDITION reasons about the state of a resource: reading it shows why, so they are
# conflicts.
_STATE_CONFLICTS = frozenset(
    {
        "EVENT_CHANGED",
        "EVENT_NOT_SEQUENCED",
        "COLLECTION_IN_USE",
        "PRODUCT_TAG_IN_USE",
        "PRODUCT_TYPE_IN_USE",
        "LAST_GLOBAL_ADMIN",
        "LAST_TENANT_ADMIN",
        "OPTION_IN_USE",
        "ROLE_IN_USE",
        "PRODUCT_LISTED",
        "PRODUCT_NOT_PUBLISHED",
        "TENANT_ARCHIVED",
        "TENANT_NOT_ARCHIVED",
    }
)

# A service's reason for rejecting the gateway's own scope, for example when their clocks disagree.
# The client cannot fix it by logging in again.
SCOPE_REJECTED = "SCOPE_INVALID"

_BY_CODE: Mapping[grpc.StatusCode, tuple[int, str]] = {
    grpc.StatusCode.INVALID_ARGUMENT: (400, "invalid_data"),
    grpc.StatusCode.OUT_OF_RANGE: (400, "invalid_data"),
    grpc.StatusCode.FAILED_PRECONDITION: (400, "not_allowed"),
    grpc.StatusCode.UNAUTHENTICATED: (401, "unauthorized"),
    grpc.StatusCode.PERMISSION_DENIED: (403, "forbidden"),
    grpc.StatusCode.NOT_FOUND: (404, "not_found"),
    grpc.StatusCode.ALREADY_EXISTS: (409, "duplicate_error"),
    grpc.StatusCode.ABORTED: (409, "conflict"),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (429, "too_many_requests"),
    grpc.StatusCode.UNAVAILABLE: (503, "unavailable"),
    grpc.StatusCode.DEADLINE_EXCEEDED: (504, "timeout"),
}

_IN_DOUBT = (
    "The request timed out and may or may not have taken effect. Retry it with the same"
    " Idempotency-Key."
)
_BY_STATUS: Mapping[int, tuple[str, str, str]] = {
    400: ("invalid_data", "REQUEST_INVALID", "The request is malformed. See /docs for its format."),
    401: ("unauthorized", "UNAUTHENTICATED", "Unauthorized"),  # Medusa's own words
    404: ("not_found", "ROUTE_UNKNOWN", "No such route. See /docs for the list of routes."),
    405: ("not_allowed", "METHOD_NOT_ALLOWED", "Method not allowed here. See the Allow header."),
    408: ("timeout", "REQUEST_TIMEOUT", "The request took too long to arrive. Send it again."),
    413: ("invalid_data", "BODY_TOO_LARGE", "The request body must not exceed 1 MiB."),
    414: ("invalid_data", "TARGET_TOO_LONG", "The path and query must not exceed 8 KiB together."),
    415: ("invalid_data", "MEDIA_TYPE_UNSUPPORTED", "Content-Type must be application/json."),
    421: ("not_allowed", "MISDIRECTED_REQUEST", "Host not served here. Check the Host header."),
    431: ("invalid_data", "HEADERS_TOO_LARGE", "Send at most 64 headers with 16 KiB in total."),
    503: ("unavailable", "UNAVAILABLE", "The service is temporarily unavailable. Try again later."),
    504: ("timeout", "DEADLINE_EXCEEDED", _IN_DOUBT),
}

# gRPC carries all details as text.
_NUMBERS = frozenset({"retry_after_seconds", "tenants"})
_LOGIN = "Authorization: Bearer, with a token from POST /auth/user/emailpass or a secret API key"
_UNKNOWN = ("unknown_error", "INTERNAL", "An unknown error occurred.")  # Medusa's own words


@dataclass(frozen=True, slots=True)
class Problem:
    """An error response of the gateway."""

    status: int
    type: str
    code: str
    message: str
    details: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, request_id: str) -> bytes:
        return orjson.dumps(
            {
                "type": self.type,
                "message": self.message,
                "code": self.code,
                "details": self.details,
                "request_id": request_id,
            }
        )


GATEWAY_BUSY = Problem(
    503,
    "unavailable",
    "GATEWAY_BUSY",
    "The gateway is handling too many requests. Try again in a moment.",
    headers={"retry-after": "1"},
)


class Refused(Exception):
    """An HTTP-level refusal, such as a wrong method, a large body or contradictory tenants."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def problem_of_status(status: int, message: str = "") -> Problem:
    """Describes a bare HTTP status, such as the router's own 404 and 405."""
    kind, code, text = _BY_STATUS.get(status, _UNKNOWN)
    if status < 500 and kind == "unknown_error":
        kind, code, text = "invalid_data", "REQUEST_INVALID", HTTPStatus(status).phrase
    return Problem(status, kind, code, message or text, headers=_extra_headers(status))


def problem_of(error: ServiceError) -> Problem:
    """Describes an error from a service or the kernel."""
    status, kind = _BY_CODE.get(error.code, (500, "unknown_error"))
    if error.code is grpc.StatusCode.FAILED_PRECONDITION and error.reason in _STATE_CONFLICTS:
        status, kind = 409, "conflict"
    if status == 500:
        return Problem(500, *_UNKNOWN)
    if error.reason == SCOPE_REJECTED:
        status = 503
    if status >= 503:
        # The original message may name addresses and libraries; the client must not see it.
        return problem_of_status(status)
    details: dict[str, object] = {
        key: int(value) if key in _NUMBERS else value for key, value in error.metadata.items()
    }
    if error.violations:
        details["violations"] = error.violations
    headers = dict(_extra_headers(status))
    if wait := error.metadata.get("retry_after_seconds"):
        headers["retry-after"] = wait
    return Problem(status, kind, error.reason, error.message, details, headers=headers)


def not_allowed(code: str, message: str, **details: object) -> Refused:
    """Returns a 400 `not_allowed`, for a request that contradicts itself."""
    return Refused(Problem(400, "not_allowed", code, message, details))


def unauthorized() -> Refused:
    """Returns the 401 for a missing or invalid token, always the same."""
    return Refused(replace(problem_of_status(401), details={"needs": _LOGIN}))


def _extra_headers(status: int) -> Mapping[str, str]:
    if status == 401:
        return {"www-authenticate": "Bearer"}
    if status in (429, 503, 504):
        return {"retry-after": "1"}
    return {}


def describe(error: BaseException) -> Problem:
    """Describes any exception; an unexpected one becomes a 500 without its message."""
    match error:
        case Refused():
            return error.problem
        case ServiceError():
            return problem_of(error)
        case grpc.aio.AioRpcError():
            return problem_of(from_rpc(error))
        case RequestValidationError():
            return _of_validation(error)
        case HTTPException():
            return problem_of_status(error.status_code)
        case TimeoutError():
            return problem_of_status(504)
    return Problem(500, *_UNKNOWN)


def _of_validation(error: RequestValidationError) -> Problem:
    found = violations.of_validation_errors(error.errors())
    text = sentence(found) if found else "The request is malformed."
    return Problem(400, "invalid_data", "REQUEST_INVALID", text, {"violations": found})


def problem_for_method(error: BaseException, method: str) -> Problem:
    """Describes an error for the request's method: a read that timed out can be retried."""
    problem = describe(error)
    if problem.status == 504 and method in ("GET", "HEAD"):
        return problem_of_status(503)  # a read changes nothing, so nothing is in doubt
    return problem


def response(problem: Problem, request_id: str) -> Response:
    return Response(
        problem.body(request_id),
        status_code=problem.status,
        media_type="application/json",
        headers=dict(problem.headers),
    )


async def answer_error(request: Request, error: Exception) -> Response:
    """Sends the response for an exception; a 500 is logged with its traceback."""
    if isinstance(error, grpc.aio.AioRpcError):
        error = violations.in_callers_terms(from_rpc(error), request.scope.get("route"))
    problem = problem_for_method(error, request.method)
    if problem.status == 405:
        problem = replace(problem, headers={**problem.headers, "allow": _allowed(request)})
    if problem.status == 500:
        _log.error("request_failed", exc_info=error)
    return response(problem, state_of(request).request_id)


def _allowed(request: Request) -> str:
    """Lists the methods of all routes at the path; the router itself reports only one."""
    methods = {
        method
        for route in routes_of(request.app.routes)
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def routes_of(routes: Iterable[object]) -> Iterator[Route]:
    """Yields all routes, including those of included routers, which FastAPI nests."""
    for route in routes:
        if isinstance(route, Route):
            yield route
        elif router := getattr(route, "original_router", None):
            yield from routes_of(router.routes)


def install(app: FastAPI) -> None:
    """Makes all errors of the routes and the router use Medusa's shape."""
    kinds = (ServiceError, grpc.aio.AioRpcError, Refused, HTTPException, RequestValidationError)
    for kind in (*kinds, TimeoutError, Exception):
        app.add_exception_handler(kind, answer_error)
