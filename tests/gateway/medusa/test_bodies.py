"""JSON bodies: parsed to the last digit, or refused with the reason."""

import contextlib
import gzip
import json
import time
from decimal import Decimal
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Body, FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from gateway.medusa import errors
from gateway.medusa.bodies import ExactRoute, parse
from gateway.request_state import RequestState, attach
from services.kernel.call.errors import InvalidArgument


def refusal(raw):
    with pytest.raises(InvalidArgument) as refused:
        parse(raw)
    assert refused.value.reason == "BODY_INVALID"
    return refused.value.violations["body"]


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"{}", {}),
        (b'{"a": [1, -2, null, true]}', {"a": [1, -2, None, True]}),
        (b'{"amount": 10.10}', {"amount": Decimal("10.10")}),
        (b"0.1000000000000000055511151231257827", Decimal("0.1000000000000000055511151231257827")),
        (b"1e2", Decimal("1E+2")),
        (b"12345678901234567890123", 12345678901234567890123),
        ('"été \U0001f36b"'.encode(), "été \U0001f36b"),
        (rb'"\ud83c\udf6b \u00e9 \\u0000"', "\U0001f36b é \\u0000"),
        (b"[" * 32 + b"]" * 32, json.loads("[" * 32 + "]" * 32)),
        (b'{"a": "' + b"[" * 1000 + b'"}', {"a": "[" * 1000}),
        (rb'{"a": "\"' + b"{" * 1000 + b'"}', {"a": '"' + "{" * 1000}),
    ],
)
def test_json_is_read_exactly(raw, body):
    found = parse(raw)

    assert found == body
    assert type(found) is type(body)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"{", "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": 1,}', "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b"01", "not valid JSON"),
        (b'"a\x00b"', "not valid JSON"),
        (b"\x00", "not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b'"\xff"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b"NaN", "NaN, which is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity, which is not a JSON number"),
        (b'{"a": 1, "a": 2}', "the same key twice"),
        (rb'[{"a": {"b": 1, "\u0062": 2}}]', "the same key twice"),
        (rb'{"a": "\u0000"}', "null character"),
        (rb'{"\u0000": 1}', "null character"),
        (rb'["\ud800"]', "unpaired surrogate"),
        (rb'["\udc00\ud800"]', "unpaired surrogate"),
        (b"9" * 5000, "too large"),
        (b"1e99999999999999999999999", "too large"),
        (b"[" * 33 + b"]" * 33, "more than 32 levels deep"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, "more than 32 levels deep"),
        (b"[" * 500_000, "more than 32 levels deep"),
        (b'[{"":' * 200_000, "more than 32 levels deep"),
        (b"]" * 10 + b"[" * 1000, "more than 32 levels deep"),
    ],
)
def test_ambiguous_json_is_refused(raw, text):
    assert text in refusal(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" + b"[]," * 340_000 + b"[]]",
        b'"' + rb"\u00e9" * 170_000 + b'"',
        b'"' + rb"\\" * 500_000 + b'"',
        b'"' * 1_000_000,
        rb'"\"' * 300_000,
        b"[" + b'"a",' * 250_000 + b'"a"]',
        b"[" * 40 + b'"' + rb"\"" * 500_000,
        b"[" * 40 + rb'"\""' * 250_000,
        b"0." + b"1" * 1_000_000,
        b"1e-" + b"9" * 1_000_000,
        b"{" + b",".join(b'"%d":1' % n for n in range(80_000)) + b"}",
    ],
)
def test_no_body_of_a_megabyte_takes_long(raw):
    began = time.process_time()

    with contextlib.suppress(InvalidArgument):
        parse(raw)

    assert time.process_time() - began < 2


leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.decimals(
    allow_nan=False, allow_infinity=False
) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))  # fmt: skip
documents = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner
        )
    ),
    max_leaves=20,
)


def written(value):
    match value:
        case Decimal():
            return str(value) if "." in str(value) or "E" in str(value) else f"{value}.0"
        case dict():
            return "{" + ",".join(f"{json.dumps(k)}:{written(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


@given(documents)
def test_a_document_comes_back_as_it_was_written(document):
    assert parse(written(document).encode()) == document


@given(st.binary(max_size=200) | st.text('[]{}":,\\u0d8ab1.e-', max_size=200).map(str.encode))
def test_any_bytes_are_json_or_refused(raw):
    try:
        body = parse(raw)
    except InvalidArgument:
        return
    assert body == json.loads(raw, parse_float=Decimal)


class Price(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    amount: Decimal | None = None
    note: str = ""


router = APIRouter(route_class=ExactRoute)


@router.post("/prices")
async def price(body: Price):
    return {"amount": str(body.amount), "note": body.note}


@router.post("/anything")
async def anything(request: Request, body: Annotated[dict[str, object], Body()]):
    return {"keys": sorted(body), "query": str(request.query_params)}


@router.get("/prices")
async def prices():
    return []


@pytest.fixture
async def shop():
    async def with_request_id(scope, receive, send):
        scope["state"] = {}
        attach(scope, RequestState(request_id="r"))
        await app(scope, receive, send)

    app = FastAPI()
    app.include_router(router)
    errors.install(app)
    transport = httpx.ASGITransport(with_request_id, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


async def post(shop, content, kind="application/json", path="/prices"):
    headers = {"content-type": kind} if kind is not None else {}
    answer = await shop.post(path, content=content, headers=headers)
    return answer.status_code, answer.json()


async def test_a_route_gets_numbers_without_loss(shop):
    status, body = await post(shop, b'{"amount": 10.1000000000000000000000000001}')

    assert (status, body["amount"]) == (200, "10.1000000000000000000000000001")


@pytest.mark.parametrize("kind", ["application/json", None, "text/plain"])
@pytest.mark.parametrize("content", [b"", b" \r\n"])
async def test_an_empty_body_is_an_empty_object(shop, kind, content):
    assert (await post(shop, content, kind))[0] == 200


@pytest.mark.parametrize(
    "kind",
    ["application/json; charset=UTF-8", "Application/JSON", "application/vnd.api+json"],
)
async def test_json_goes_by_several_names(shop, kind):
    assert (await post(shop, b"{}", kind))[0] == 200


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/json; charset=latin-1",
        "json",
        "application/jsonp",
        "application/json, text/html",
    ],
)
async def test_a_body_of_another_type_is_refused(shop, kind):
    status, body = await post(shop, b'{"amount": 1}', kind)

    assert (status, body["code"]) == (415, "MEDIA_TYPE_UNSUPPORTED")


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", ""])
async def test_a_compressed_body_is_refused_as_such(shop, coding):
    headers = {"content-type": "application/json", "content-encoding": coding}
    answer = await shop.post("/prices", content=gzip.compress(b'{"amount": 1}'), headers=headers)

    if coding:
        assert (answer.status_code, answer.json()["code"]) == (415, "MEDIA_TYPE_UNSUPPORTED")
        assert "Content-Encoding" in answer.json()["message"]
    else:
        assert answer.json()["code"] == "BODY_INVALID"


async def test_of_two_different_content_types_none_wins(shop):
    headers = [("content-type", "application/json"), ("content-type", "text/plain")]
    answer = await shop.post("/prices", content=b'{"amount": 1}', headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (415, "MEDIA_TYPE_UNSUPPORTED")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"amount": 1, "amount": 2}', "BODY_INVALID"),
        (b'{"amount": NaN}', "BODY_INVALID"),
        (b"[" * 1000 + b"]" * 1000, "BODY_INVALID"),
        (b'{"amount": "1"', "BODY_INVALID"),
        (b'{"price": 1}', "REQUEST_INVALID"),
        (b"[]", "REQUEST_INVALID"),
        (b"null", "REQUEST_INVALID"),
        (b'{"note": 1}', "REQUEST_INVALID"),
    ],
)
async def test_a_wrong_body_is_refused_in_medusas_shape(shop, content, code):
    status, body = await post(shop, content)

    assert (status, body["type"], body["code"]) == (400, "invalid_data", code)
    assert body["details"]["violations"]


async def test_the_rest_of_the_request_stays_as_it_was(shop):
    assert await post(shop, b'{"b": 1, "a": 2}', path="/anything?x=1") == (
        200,
        {"keys": ["a", "b"], "query": "x=1"},
    )


async def test_a_body_that_the_guard_cuts_off_is_413(shop):
    async def too_long():
        yield b"{"
        raise errors.Refused(errors.problem_of_status(413))

    status, body = await post(shop, too_long())

    assert (status, body["code"]) == (413, "BODY_TOO_LARGE")


async def test_a_route_without_a_body_reads_none(shop):
    answer = await shop.request("GET", "/prices", content=b"\xff")

    assert answer.status_code == 200
