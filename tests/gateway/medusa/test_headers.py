"""Idempotency-Key, If-Match and If-None-Match: read once, and never guessed."""

import uuid

import httpx
import pytest
from fastapi import FastAPI

from gateway.medusa import errors
from gateway.medusa.headers import LONGEST_KEY, IdempotencyKey, IfMatch, is_current
from gateway.request_state import RequestState, attach

UUID = "0f6a1f0e-5d0c-4c53-8f4c-1a5d5d1c0b52"


@pytest.fixture
def sent():
    """Sends headers, and gives what a route reads of them."""
    app = FastAPI()
    errors.install(app)

    @app.post("/")
    async def read(key: IdempotencyKey, etag: IfMatch) -> dict[str, str]:
        return {"key": key, "etag": etag}

    async def with_request_id(scope, receive, send):
        scope["state"] = {}
        attach(scope, RequestState(request_id="r"))
        await app(scope, receive, send)

    async def send(*headers):
        transport = httpx.ASGITransport(with_request_id)
        async with httpx.AsyncClient(transport=transport, base_url="http://souk") as client:
            return (await client.post("/", headers=list(headers))).json()

    return send


async def test_without_the_headers_nothing_is_read(sent):
    assert await sent() == {"key": "", "etag": ""}


async def test_a_uuid_is_the_key_itself_and_a_text_always_becomes_the_same_one(sent):
    assert (await sent(("Idempotency-Key", UUID)))["key"] == UUID
    texts = [(await sent(("Idempotency-Key", text)))["key"] for text in ("order-1", '"order-1"')]
    assert len(set(texts)) == 1
    assert uuid.UUID(texts[0]).version == 5


async def test_a_key_may_be_as_long_as_documented_and_no_longer(sent):
    assert uuid.UUID((await sent(("Idempotency-Key", "k" * LONGEST_KEY)))["key"])
    longer = await sent(("Idempotency-Key", "k" * (LONGEST_KEY + 1)))
    assert longer["code"] == "IDEMPOTENCY_KEY_INVALID"


@pytest.mark.parametrize("key", ["", "a b", '""', "\xe9", "a\tb"])
async def test_a_key_that_cannot_be_told_from_others_is_refused(sent, key):
    answer = await sent(("Idempotency-Key", key.encode("latin-1")))

    assert answer["code"] == "IDEMPOTENCY_KEY_INVALID"


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("Idempotency-Key", ("one", "two"), "IDEMPOTENCY_KEY_INVALID"),
        ("If-Match", ('"1"', '"2"'), "ETAG_INVALID"),
        ("If-Match", ('"1"', "*"), "ETAG_INVALID"),
    ],
)
async def test_of_two_different_headers_none_wins(sent, name, values, code):
    answer = await sent(*((name, value) for value in values))

    assert answer["code"] == code


async def test_the_same_header_twice_says_one_thing(sent):
    twice = [("If-Match", '"7"')] * 2 + [("Idempotency-Key", UUID)] * 2

    assert await sent(*twice) == {"key": UUID, "etag": '"7"'}


@pytest.mark.parametrize("sent_as", ['"12"', 'W/"12"', ' "12" '])
async def test_an_etag_that_a_proxy_weakened_is_the_same_version(sent, sent_as):
    assert (await sent(("If-Match", sent_as)))["etag"] == '"12"'


@pytest.mark.parametrize("wrong", ["12", '"1", "2"', "W/12", 'w/"12"', "", '"' + "1" * 101 + '"'])
async def test_an_if_match_that_is_not_one_quoted_etag_is_refused(sent, wrong):
    assert (await sent(("If-Match", wrong)))["code"] == "ETAG_INVALID"


@pytest.mark.parametrize(
    ("sent", "has_it"),
    [
        ('W/"a"', True),
        ('"a"', True),  # a proxy may have made it strong
        ('"b", W/"a"', True),
        ("*", True),
        ('W/"b"', False),
        ('"b", *', False),  # it stands alone or means nothing
        ("a", False),
        ("", False),
    ],
)
def test_a_client_with_this_version_has_it_however_it_spells_the_etag(sent, has_it):
    assert is_current(sent.encode(), b'W/"a"') is has_it
