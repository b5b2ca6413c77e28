"""Query strings: what they may hold, and what is refused by key."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from souk.kernel.v1.times_pb2 import TimeRange

from gateway.medusa.filters import (
    Choice,
    Flag,
    Id,
    Many,
    One,
    Text,
    Time,
    Whole,
    times,
)
from gateway.medusa.query import Query
from gateway.medusa.values import timestamp
from services.kernel.call.errors import InvalidArgument

PRODUCTS = Query(
    filters={
        "id": Many(200),
        "collection_id": Many(50),
        "handle": One(),
        "q": Text(100),
        "is_giftcard": Flag(),
    },
    order={"created_at", "title"},
    limit=50,
)
PRODUCT = Query(filters={"region_id": One()}, limit=None)
EVENTS = Query(
    filters={
        "user_id": Id(),
        "outcome": Choice(["done", "denied"]),
        "since": Time(),
        "to": Whole(0, 9, 5),
    },
    by_token=True,
)
CREATED = Query(filters=times("created_at", "updated_at"))


def refusal(raw, query=PRODUCTS):
    with pytest.raises(InvalidArgument) as refused:
        query.parse(raw)
    assert refused.value.reason == "QUERY_INVALID"
    (key,) = refused.value.violations
    return key


def test_an_empty_query_asks_for_the_first_page():
    parsed = PRODUCTS.parse(b"")

    assert (parsed.limit, parsed.offset, parsed.order, parsed.fields) == (50, 0, "", "")
    assert (parsed.many("id"), parsed.one("q"), parsed.flag("is_giftcard")) == ([], "", None)


@pytest.mark.parametrize(
    "raw",
    [
        b"id[0]=a&id[1]=b",
        b"id%5B0%5D=a&id%5B1%5D=b",
        b"id[1]=a&id[0]=b",
        b"id[]=a&id[]=b",
        b"id=a&id=b",
        b"id=a,b",
        b"id=a%2Cb",
        b"id[0]=a&id[]=b&id=a",
        b"id[$in][0]=a&id[$in][1]=b",
        b"id[$in]=a,b",
        b"id[$eq]=a&id[$eq]=b",
        b"&&id=a&&id[999999]=b&",
    ],
)
def test_a_list_has_many_spellings(raw):
    assert PRODUCTS.parse(raw).many("id") == ["a", "b"]


@pytest.mark.parametrize("raw", [b"handle=a,b", b"handle[$eq]=a,b", b"handle=a%2Cb"])
def test_a_plain_value_is_never_split(raw):
    assert PRODUCTS.parse(raw).one("handle") == "a,b"


def test_text_is_decoded():
    assert PRODUCTS.parse(b"q=cr%C3%A8me+br%C3%BBl%C3%A9e").one("q") == "crème brûlée"


def test_a_plus_in_fields_arrives_as_a_space():
    assert PRODUCTS.parse(b"fields=%2Btags,+title").fields == "+tags, title"


@pytest.mark.parametrize(
    ("raw", "flag"), [(b"is_giftcard=false", False), (b"is_giftcard=true", True)]
)
def test_a_flag_is_true_or_false(raw, flag):
    assert PRODUCTS.parse(raw).flag("is_giftcard") is flag


def test_a_page_is_asked_for_by_limit_and_offset():
    parsed = PRODUCTS.parse(b"limit=100&offset=100000&order=-created_at")

    assert (parsed.limit, parsed.offset, parsed.order) == (100, 100_000, "-created_at")


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"colour=red", "colour"),
        (b"=a", ""),
        (b"a", "a"),
        (b"ID=a", "ID"),
        (b"id[0=a", "id[0"),
        (b"id[a]=a", "id[a]"),
        (b"id[0][0]=a", "id[0][0]"),
        (b"id[$ne]=a", "id[$ne]"),
        (b"id[__proto__]=a", "id[__proto__]"),
        (b"__proto__[id]=a", "__proto__[id]"),
        (b"$or[0][handle]=a", "$or[0][handle]"),
        (b"collection.id=a", "collection.id"),
        (b"created_at[$gt]=2026-01-01", "created_at[$gt]"),
        (b"handle[]=a", "handle[]"),
        (b"handle[0]=a", "handle[0]"),
        (b"handle=a&handle=b", "handle"),
        (b"handle=a&handle[$eq]=b", "handle[$eq]"),
        (b"is_giftcard=1", "is_giftcard"),
        (b"is_giftcard=", "is_giftcard"),
        (b"limit=0", "limit"),
        (b"limit=201", "limit"),
        (b"limit=-1", "limit"),
        (b"limit=1.5", "limit"),
        (b"limit=1e2", "limit"),
        (b"limit=%D9%A1", "limit"),
        (b"limit=" + b"9" * 5000, "limit"),
        (b"id=", "id"),
        (b"id=a,", "id"),
        (b"id[]=", "id[]"),
        (b"handle=", "handle"),
        (b"handle=%0A", "handle"),
        (b"limit=", "limit"),
        (b"limit=1&limit=2", "limit"),
        (b"limit[]=1", "limit[]"),
        (b"offset=-1", "offset"),
        (b"offset=100001", "offset"),
        (b"order=price", "order"),
        (b"order=--title", "order"),
        (b"order=-", "order"),
        (b"order=title,created_at", "order"),
        (b"order=title&order=title", "order"),
        (b"fields=id&fields=title", "fields"),
        (b"q=%00", "q"),
        (b"q=%09", "q"),
        (b"q=" + b"a" * 101, "q"),
        (b"id=" + b"a" * 201, "id"),
        (b"id=a,%00", "id"),
        (b"id=" + b",".join(b"%d" % n for n in range(201)), "id"),
        (b"collection_id=" + b",".join(b"%d" % n for n in range(51)), "collection_id"),
        (b"fields=" + b"a" * 4097, "fields"),
        (b"q=%ff", "query"),
        (b"q=%ed%a0%80", "query"),
        (b"%ff=a", "query"),
        (b"q=\xc3\xa9", "query"),
    ],
)
def test_an_undeclared_key_or_a_value_out_of_bounds_is_refused_by_key(raw, key):
    assert refusal(raw) == key


def test_a_resource_without_pages_takes_no_page():
    assert PRODUCT.parse(b"region_id=reg_1&fields=id").one("region_id") == "reg_1"
    for raw, key in ((b"limit=1", "limit"), (b"offset=1", "offset"), (b"order=title", "order")):
        assert refusal(raw, PRODUCT) == key


def test_an_empty_query_order_or_fields_parameter_is_ignored():
    parsed = PRODUCTS.parse(b"q=&order=&fields=")

    assert (parsed.one("q"), parsed.order, parsed.fields) == ("", "", "")


@pytest.mark.parametrize(
    "raw",
    [
        b"since=2026",
        b"since=20261130",
        b"since=1795996800",
        b"since=2026-11-30",
        b"since=2026-11-30T09:30",
        b"since=2026-11-30T09:30:00",
        b"since=2026-11-30T09:30:00+01:00",  # a plus is a space
        b"since=2026-W48-1T09:30:00Z",
        b"since=2026-02-30T09:30:00Z",
        b"since=0001-01-01T00:00:00%2B14:00",
        b"since=yesterday",
        b"since=",
    ],
)
def test_a_time_that_is_not_whole_is_refused(raw):
    assert refusal(raw, EVENTS) == "since"


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        (b"since=2026-11-30T09:30:00Z", datetime(2026, 11, 30, 9, 30, tzinfo=UTC)),
        (b"since=2026-11-30t09:30:00z", datetime(2026, 11, 30, 9, 30, tzinfo=UTC)),
        (b"since=2026-11-30T09:30:00.123456789%2B01:00",
         datetime(2026, 11, 30, 8, 30, 0, 123456, tzinfo=UTC)),
        (b"", None),
    ],
)  # fmt: skip
def test_a_time_is_read_in_utc(raw, moment):
    assert EVENTS.parse(raw).time("since") == moment


@pytest.mark.parametrize(
    ("raw", "hours"),
    [
        (b"", {}),
        (b"created_at=2026-11-30T09:00:00Z", {"eq": 9}),
        (b"created_at[$eq]=2026-11-30T09:00:00Z", {"eq": 9}),
        (b"created_at%5B%24gt%5D=2026-11-30T09:00:00Z", {"gt": 9}),
        (b"created_at[$gte]=2026-11-30T09:00:00Z&created_at[$lt]=2026-11-30T10:00:00Z",
         {"gte": 9, "lt": 10}),
        (b"created_at[$lte]=2026-11-30T10:00:00Z&updated_at[$gt]=2026-11-30T09:00:00Z",
         {"lte": 10}),
    ],
)  # fmt: skip
def test_times_have_operators(raw, hours):
    at = {name: timestamp(datetime(2026, 11, 30, hour, tzinfo=UTC)) for name, hour in hours.items()}

    assert CREATED.parse(raw).time_range("created_at") == TimeRange(**at)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"created_at[$gt]=2026-01-01", "created_at[$gt]"),
        (b"created_at[$gt]=", "created_at[$gt]"),
        (b"created_at[$gt][0]=2026-11-30T09:00:00Z", "created_at[$gt][0]"),
        (b"created_at[$ne]=2026-11-30T09:00:00Z", "created_at[$ne]"),
        (b"created_at[]=2026-11-30T09:00:00Z", "created_at[]"),
        (b"created_at[$gt]=2026-11-30T09:00:00Z&created_at[$gt]=2026-11-30T09:00:00Z",
         "created_at[$gt]"),
    ],
)  # fmt: skip
def test_an_operator_that_times_do_not_have_or_its_value_is_refused_by_key(raw, key):
    assert refusal(raw, CREATED) == key


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"user_id=a/b", "user_id"),
        (b"user_id=", "user_id"),
        (b"outcome=", "outcome"),
        (b"outcome=DONE", "outcome"),
        (b"outcome=done&outcome=denied", "outcome"),
        (b"to=10", "to"),
        (b"to=-1", "to"),
        (b"to=", "to"),
        (b"offset=0", "offset"),
        (b"page_token=" + b"a" * 4097, "page_token"),
    ],
)
def test_ids_choices_and_numbers_are_checked(raw, key):
    assert refusal(raw, EVENTS) == key


def test_pages_by_token_begin_with_an_empty_one():
    parsed = EVENTS.parse(b"page_token=&limit=7&to=0")

    assert (parsed.one("page_token"), parsed.limit, parsed.offset) == ("", 7, 0)
    assert (parsed.whole("to"), EVENTS.parse(b"").whole("to")) == (0, 5)


def test_a_redirect_may_add_keys_but_must_have_its_own():
    callback = Query(
        {"code": One()}, limit=None, has_fields=False, required=["code"], ignores_unknown=True
    )

    assert callback.parse(b"code=a&iss=b&iss=c").one("code") == "a"
    for raw in (b"", b"iss=b", b"code=", b"code=a&code=b"):
        assert refusal(raw, callback) == "code"


words = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=","),
                min_size=1, max_size=20)  # fmt: skip


@given(st.lists(words, max_size=20, unique=True), words, st.booleans(), st.integers(1, 200))
def test_a_query_is_parsed_as_clients_write_it(ids, word, flag, limit):
    pairs = [(f"id[{n}]", v) for n, v in enumerate(ids)]
    pairs += [("q", word), ("is_giftcard", str(flag).lower()), ("limit", limit)]

    for quoting in ({}, {"quote_via": quote}, {"safe": "[]"}):
        parsed = PRODUCTS.parse(urlencode(pairs, **quoting).encode())
        assert (parsed.many("id"), parsed.one("q")) == (ids, word)
        assert (parsed.flag("is_giftcard"), parsed.limit) == (flag, limit)


@given(st.binary(max_size=100) | st.text("id[]$=&,%0ahandlelimit", max_size=60).map(str.encode))
def test_any_bytes_are_a_query_or_refused(raw):
    try:
        parsed = PRODUCTS.parse(raw)
    except InvalidArgument as refused:
        assert refused.reason == "QUERY_INVALID"  # noqa: PT017 - either outcome is right
    else:
        assert 1 <= parsed.limit <= 200


def test_openapi_says_what_may_be_asked():
    app = FastAPI()
    app.get("/p/{name}", openapi_extra={"parameters": PRODUCTS.parameters()})(lambda name: name)

    found = app.openapi()["paths"]["/p/{name}"]["get"]["parameters"]

    assert all(one["description"] for one in found if one["in"] == "query")
    schemas = {one["name"]: one["schema"] for one in found}
    assert schemas.keys() == {
        "name", "id", "collection_id", "handle", "q", "is_giftcard", "order", "limit", "offset",
        "fields",
    }  # fmt: skip
    assert schemas["order"]["enum"] == ["created_at", "-created_at", "title", "-title"]
    assert schemas["limit"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
    assert (schemas["id"]["type"], schemas["id"]["maxItems"]) == ("array", 200)
    assert schemas["q"] == {"type": "string", "maxLength": 100}


def test_openapi_says_what_each_operator_means():
    descriptions = {one["name"]: one["description"] for one in CREATED.parameters()}

    assert descriptions["created_at"] == "Only objects created at this time."
    assert descriptions["created_at[$lte]"] == "Only objects created at or before this time."
