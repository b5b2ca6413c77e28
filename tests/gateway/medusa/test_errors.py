"""Whatever goes wrong, the body is `{type, message, code, details, request_id}`."""

import asyncio
from urllib.parse import urlsplit

import grpc
import orjson
import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from gateway.medusa.errors import (
    Problem,
    Refused,
    describe,
    not_allowed,
    problem_for_method,
    problem_of_status,
)
from services.kernel.call import errors
from tests.gateway.raw_http import ask, exchange

KEYS = {"type", "message", "code", "details", "request_id"}
JSON = ("Content-Type", "application/json")

RAISED = [
    (errors.InvalidArgument("X", "x"), 400, "invalid_data", "X"),
    (errors.FailedPrecondition("HEAD_OFFICE_PROTECTED", "x"), 400, "not_allowed", None),
    (errors.FailedPrecondition("TENANT_ARCHIVED", "x"), 409, "conflict", "TENANT_ARCHIVED"),
    (errors.FailedPrecondition("PRODUCT_LISTED", "x"), 409, "conflict", "PRODUCT_LISTED"),
    (errors.Unauthenticated("CREDENTIALS_INVALID", "x"), 401, "unauthorized", None),
    (errors.Unauthenticated("SCOPE_INVALID", "secret"), 503, "unavailable", "UNAVAILABLE"),
    (errors.PermissionDenied("PERMISSION_MISSING", "x"), 403, "forbidden", None),
    (errors.NotFound("LISTING_NOT_FOUND", "x"), 404, "not_found", "LISTING_NOT_FOUND"),
    (errors.AlreadyExists("LISTING_EXISTS", "x"), 409, "duplicate_error", "LISTING_EXISTS"),
    (errors.Aborted("ETAG_MISMATCH", "x"), 409, "conflict", "ETAG_MISMATCH"),
    (errors.ResourceExhausted("RATE_LIMITED", "x"), 429, "too_many_requests", "RATE_LIMITED"),
    (errors.Unavailable("X", "secret"), 503, "unavailable", "UNAVAILABLE"),
    (errors.DeadlineExceeded("X", "secret"), 504, "timeout", "DEADLINE_EXCEEDED"),
    (errors.Internal("X", "secret"), 500, "unknown_error", "INTERNAL"),
    (TimeoutError("secret"), 504, "timeout", None),
    (ValueError("secret"), 500, "unknown_error", "INTERNAL"),
    (RecursionError("secret"), 500, "unknown_error", "INTERNAL"),
    (HTTPException(404), 404, "not_found", "ROUTE_UNKNOWN"),
    (HTTPException(405), 405, "not_allowed", "METHOD_NOT_ALLOWED"),
    (HTTPException(418), 418, "invalid_data", "REQUEST_INVALID"),
    (HTTPException(502), 502, "unknown_error", "INTERNAL"),
    (not_allowed("X", "x"), 400, "not_allowed", "X"),
    (Refused(problem_of_status(413)), 413, "invalid_data", "BODY_TOO_LARGE"),
    (
        RequestValidationError([{"loc": ("body", "email"), "msg": "Field required"}]),
        400,
        "invalid_data",
        "REQUEST_INVALID",
    ),
]


@pytest.mark.parametrize(("error", "status", "kind", "code"), RAISED)
def test_each_outcome_has_its_status_its_type_and_its_code(error, status, kind, code):
    problem = describe(error)

    body = orjson.loads(problem.body("r"))
    assert (problem.status, body["type"], body["request_id"]) == (status, kind, "r")
    assert body["code"] == (code or body["code"])
    assert set(body) == KEYS
    assert b"secret" not in problem.body("r")


def test_of_many_violations_the_first_ten_are_told():
    flaws = [{"loc": ("body", f"key{n}"), "msg": "Extra inputs"} for n in range(50_000)]

    problem = describe(RequestValidationError(flaws))

    violations = orjson.loads(problem.body("r"))["details"]["violations"]
    assert list(violations) == [f"key{n}" for n in range(10)]


@pytest.mark.parametrize("code", list(grpc.StatusCode))
def test_every_code_of_the_wire_has_an_answer(code):
    metadata = grpc.aio.Metadata()
    error = grpc.aio.AioRpcError(code, metadata, metadata, details="d")

    problem = describe(error)

    assert 400 <= problem.status <= 504
    assert set(orjson.loads(problem.body("r"))) == KEYS


@pytest.mark.parametrize(
    ("method", "status"), [("GET", 503), ("HEAD", 503), ("POST", 504), ("DELETE", 504)]
)
@pytest.mark.parametrize("late", [TimeoutError(), errors.DeadlineExceeded("LATE", "too late")])
def test_a_read_that_times_out_gets_503_and_a_write_504(method, status, late):
    problem = problem_for_method(late, method)

    assert problem.status == status
    assert problem.headers["retry-after"]


def test_seconds_and_counts_in_details_are_numbers():
    error = errors.ResourceExhausted("LOGIN_LIMITED", "x", retry_after_seconds="7")

    problem = describe(error)

    assert (problem.details, problem.headers["retry-after"]) == ({"retry_after_seconds": 7}, "7")


def test_details_hold_the_values_and_the_violations():
    error = errors.InvalidArgument("PRICE_NEGATIVE", "x", {"price": "below zero"}, currency="EUR")

    assert describe(error).details == {
        "currency": "EUR",
        "violations": {"price": "below zero"},
    }


@pytest.mark.parametrize(
    ("status", "header"), [(401, "www-authenticate"), (503, "retry-after"), (504, "retry-after")]
)
def test_a_client_is_told_what_to_do_next(status, header):
    assert isinstance(problem_of_status(status), Problem)
    assert header in problem_of_status(status).headers


WRONG = {
    "an unknown path": ({"target": b"/nothing"}, 404, "ROUTE_UNKNOWN"),
    "a path that ends in a slash": ({"target": b"/store/products/"}, 404, None),
    "another method": ({"target": b"/store/products", "method": b"DELETE"}, 405, None),
    "a method that nobody knows": ({"target": b"/store/products", "method": b"PURGE"}, 405, None),
    "an unknown query key": ({"target": b"/store/products?colour=red"}, 400, "QUERY_INVALID"),
    "a limit past all pages": ({"target": b"/store/products?limit=201"}, 400, "QUERY_INVALID"),
    "a negative offset": ({"target": b"/store/products?offset=-1"}, 400, "QUERY_INVALID"),
    "an unknown order": ({"target": b"/store/products?order=colour"}, 400, "QUERY_INVALID"),
    "a null byte": ({"target": b"/store/products?q=%00"}, 400, "QUERY_INVALID"),
    "letters that are not encoded": (
        {"target": "/store/products?q=é".encode()},
        400,
        "REQUEST_INVALID",
    ),
    "half a character": ({"target": b"/store/products?q=%ff"}, 400, "QUERY_INVALID"),
    "another shop's region": ({"target": b"/store/products?region_id=reg_lyon"}, 404, None),
    "a region that is none": ({"target": b"/store/regions/reg_nowhere"}, 404, None),
    "no session": ({"target": b"/admin/tenants"}, 401, "UNAUTHENTICATED"),
    "a session that is none": (
        {"target": b"/admin/tenants", "headers": [("Authorization", "Bearer x.y.z")]},
        401,
        "UNAUTHENTICATED",
    ),
    "another way to prove oneself": (
        {"target": b"/admin/tenants", "headers": [("Authorization", "Basic YTpi")]},
        401,
        "UNAUTHENTICATED",
    ),
    "too many headers": ({"headers": [(f"X-{n}", "1") for n in range(70)]}, 431, None),
    "far too many headers": ({"headers": [(f"X-{n}", "1") for n in range(400)]}, 431, None),
    "headers too large": ({"headers": [("X-A", "x" * 17_000)]}, 431, "HEADERS_TOO_LARGE"),
    "headers far too large": ({"headers": [("X-A", "x" * 60_000)]}, 431, "HEADERS_TOO_LARGE"),
    "a long target": ({"target": b"/" + b"x" * 9_000}, 414, "TARGET_TOO_LONG"),
    "a very long target": ({"target": b"/" + b"x" * 60_000}, 414, "TARGET_TOO_LONG"),
    "a body that says it is too large": (
        {
            "target": b"/auth/user/emailpass",
            "method": b"POST",
            "headers": [JSON, ("Content-Length", "10000000")],
        },
        413,
        "BODY_TOO_LARGE",
    ),
}


@pytest.mark.parametrize("host", [b"paris.impactnutrition.com", b"localhost"])
@pytest.mark.parametrize(("request_", "status", "code"), WRONG.values(), ids=WRONG.keys())
async def test_every_refusal_has_the_one_shape(platform, host, request_, status, code):
    answer = await ask(platform.url, host, **request_)

    assert answer.status == status
    assert set(answer.json) == KEYS
    assert answer.json["code"] == (code or answer.json["code"])
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"] == answer.json["request_id"]


BODIES = {
    "no JSON": b"{",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "NaN": b'{"email": NaN, "password": "p"}',
    "a key that comes twice": b'{"email": "a", "email": "b", "password": "p"}',
    "an unknown key": b'{"email": "a", "password": "p", "role": "GlobalAdmin"}',
    "a null character": b'{"email": "a\\u0000", "password": "p"}',
    "half a surrogate pair": b'{"email": "a\\ud800", "password": "p"}',
    "a thousand levels": b'{"email": ' + b"[" * 1000 + b"]" * 1000 + b', "password": "p"}',
    "a field of another type": b'{"email": 1, "password": true}',
    "a field that is missing": b'{"email": "a"}',
    "nothing": b"",
    "no UTF-8": b'{"email": "\xff", "password": "p"}',
    "a password without end": b'{"email": "a", "password": "' + b"p" * 5000 + b'"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_body_that_is_unusable_is_400(platform, body):
    answer = await post(platform.url, body)

    assert (answer.status, answer.json["type"]) == (400, "invalid_data")
    assert set(answer.json) == KEYS


async def test_a_body_that_is_no_json_is_415(platform):
    answer = await post(platform.url, b"email=a", media_type=b"application/x-www-form-urlencoded")

    assert (answer.status, answer.json["code"]) == (415, "MEDIA_TYPE_UNSUPPORTED")


async def post(url, body, media_type=b"application/json"):
    head = (
        b"POST /auth/user/emailpass HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Type: %b\r\nContent-Length: %d\r\n\r\n" % (media_type, len(body))
    )
    return await exchange(url, head + body)


async def test_a_body_without_a_length_is_bounded_too(platform):
    parts = urlsplit(platform.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = b"POST /auth/user/emailpass HTTP/1.1\r\nHost: localhost\r\n"
    writer.write(head + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    for _ in range(17):
        writer.write(chunk)
    first = await asyncio.wait_for(reader.readline(), 10)

    assert first.split()[1] == b"413"
    writer.close()


async def test_an_empty_locale_is_borne(platform):
    headers = [("x-medusa-locale", ""), JSON]

    for host in (b"paris.impactnutrition.com", b"impactnutrition.com.tn"):
        assert (await ask(platform.url, host, headers=headers)).status == 200


async def test_a_method_that_is_not_answered_is_told_which_are(admin, http, host):
    """Of all routes at the path, whoever asks."""
    paths = {
        "/store/products": "GET, HEAD",
        "/admin/tenants": "GET, HEAD, POST",
        "/admin/tenants/paris": "DELETE, GET, HEAD, PATCH",
        "/auth/user/emailpass": "POST",
    }
    for path, methods in paths.items():
        for client in (admin, http):
            for headers in (host("hq"), {"Host": "localhost"}):
                answer = await client.put(path, headers=headers)
                assert (answer.status_code, answer.headers["allow"]) == (405, methods)
    assert "allow" not in (await http.get("/store/products", headers=host("paris"))).headers
