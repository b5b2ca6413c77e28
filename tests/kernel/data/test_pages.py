"""Pages, and page tokens that are valid only for their own request."""

import base64
import json
from collections import namedtuple
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from souk.catalog_opt_in.v1.listing_service_pb2 import Listing, ListListingsRequest
from souk.tenant_registry.v1.tenant_registry_service_pb2 import ListTenantsRequest
from sqlalchemy import TIMESTAMP, Text, column, select
from sqlalchemy.dialects import postgresql

from services.kernel.call.errors import InvalidArgument
from services.kernel.call.scope import Scope, bound
from services.kernel.data import pages

KEY = {"created_at": datetime, "product_id": str}
Row = namedtuple("Row", "created_at product_id")
EARLY = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = [Row(EARLY + timedelta(microseconds=n), f"prod_{n}") for n in range(10)]


def at(tenant):
    return bound(Scope(tenant=tenant, actor="admins/user_1", permissions=frozenset()))


@pytest.fixture(autouse=True)
def paris():
    with at("paris"):
        yield


def request(**fields):
    return ListListingsRequest(parent="tenants/paris", **fields)


def read(message, key=KEY, **options):
    return pages.read(message, key=key, **options)


def key_of(row):
    return row.created_at, row.product_id


def token_after(rows, **fields):
    _, token = read(request(page_size=len(rows) - 1, **fields)).cut(rows, key=key_of)
    assert token
    return token


def forged(digest, parts):
    text = parts if isinstance(parts, str) else json.dumps(parts)
    return base64.urlsafe_b64encode(digest + text.encode()).rstrip(b"=").decode()


def refusal(message, **options):
    with pytest.raises(InvalidArgument) as refused:
        read(message, **options)
    return refused.value.reason


@pytest.mark.parametrize(
    ("page_size", "size"), [(0, 50), (1, 1), (200, 200), (201, 200), (2**31 - 1, 200)]
)
def test_a_page_has_the_size_asked_for_within_bounds(page_size, size):
    page = read(request(page_size=page_size))

    assert (page.size, page.limit) == (size, size + 1)


def test_a_negative_size_is_refused():
    assert refusal(request(page_size=-1)) == "PAGE_SIZE_INVALID"


def test_skip_is_bounded():
    assert read(request(skip=100_000)).skip == 100_000
    assert refusal(request(skip=-1)) == "SKIP_INVALID"
    assert refusal(request(skip=100_001)) == "SKIP_INVALID"


def test_the_last_page_has_no_token():
    rows, token = read(request(page_size=10)).cut(ROWS, key=key_of)

    assert list(rows) == ROWS
    assert token == ""


def test_a_token_continues_after_the_last_row_shown():
    rows, token = read(request(page_size=3)).cut(ROWS[:4], key=key_of)

    assert list(rows) == ROWS[:3]
    assert read(request(page_size=7, page_token=token)).after == ROWS[2]


def test_a_walk_by_tokens_meets_every_row_once_after_what_was_skipped():
    seen, token = [], ""
    while True:
        page = read(request(page_size=3, page_token=token, skip=2))
        rows = [r for r in ROWS if page.after is None or r > page.after][page.skip :][: page.limit]
        page_rows, token = page.cut(rows, key=key_of)
        seen += page_rows
        if not token:
            break

    assert seen == ROWS[2:]


def test_a_token_is_safe_in_a_url():
    token = token_after([Row(EARLY, "é?&=/+ÿ\U0001f36b" * 20)] * 2)

    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_token_is_refused_when_an_argument_has_changed():
    token = token_after(ROWS, order_by="title")

    for changed in (
        request(page_token=token),
        request(page_token=token, order_by="-title"),
        request(page_token=token, order_by="title", state=Listing.STATE_LIVE),
        request(page_token=token, order_by="title", skip=1),
    ):
        assert refusal(changed) == "PAGE_TOKEN_INVALID"


def test_a_token_is_refused_in_another_order():
    token = token_after(ROWS)

    assert refusal(request(page_token=token), descending=True) == "PAGE_TOKEN_INVALID"
    assert (
        refusal(request(page_token=token), key={"updated_at": datetime, "product_id": str})
        == "PAGE_TOKEN_INVALID"
    )


def test_a_token_of_one_tenant_is_refused_at_another():
    token = token_after(ROWS)

    with at("lyon"):
        assert refusal(request(page_token=token)) == "PAGE_TOKEN_INVALID"
    with at(None):
        assert refusal(request(page_token=token)) == "PAGE_TOKEN_INVALID"


def test_a_token_of_one_method_is_refused_at_another():
    empty = ListListingsRequest(page_size=1)
    _, token = read(empty).cut(ROWS[:2], key=key_of)

    assert refusal(ListTenantsRequest(page_token=token)) == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize(
    "parts",
    [
        [], {}, None, 1, "[", "[" * 2000, "\x00", [1, 2], ["2026-01-01T00:00:00+00:00"],
        ["2026-01-01T00:00:00+00:00", 1], ["2026-01-01T00:00:00+00:00", "a\x00"],
        ["2026-01-01T00:00:00+00:00", "\ud800"], ["2026-01-01T00:00:00", "a"], ["never", "a"],
        ["0001-01-01T00:00:00+14:00", "a"], ["9999-12-31T23:59:59-14:00", "a"],
        ["2026-01-01T00:00:00+00:00", "a", "b"], [True, "a"], [None, None], "9" * 2900,
    ],
)  # fmt: skip
def test_a_token_with_the_right_digest_and_a_wrong_key_is_refused(parts):
    digest = read(request()).digest

    assert refusal(request(page_token=forged(digest, parts))) == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, True, 1.0, "1", None])
def test_a_number_in_a_key_is_one_that_the_database_can_hold(number):
    digest = read(request(), key={"idx": int}).digest

    assert refusal(request(page_token=forged(digest, [number])), key={"idx": int})


@given(st.text(min_size=1))
def test_any_text_is_refused_as_a_token(text):
    assert refusal(request(page_token=text)) == "PAGE_TOKEN_INVALID"


@given(st.text("ABCxyz019-_", min_size=1, max_size=5000))
def test_any_text_in_the_letters_of_a_token_is_refused(text):
    assert refusal(request(page_token=text)) == "PAGE_TOKEN_INVALID"


@given(st.integers(0, 200), st.sampled_from("ABCabc019-_"))
def test_a_token_with_another_letter_is_refused_or_is_the_same_key(position, letter):
    token = token_after(ROWS)
    place = position % len(token)
    changed = token[:place] + letter + token[place + 1 :]

    try:
        page = read(request(page_token=changed))
    except InvalidArgument:
        return
    assert len(page.after) == 2


plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=offsets)  # noqa: DTZ001


@given(moments, plain, st.integers(-(2**63), 2**63 - 1))
def test_any_key_travels_in_a_token_unchanged(moment, text, number):
    key = {"at": datetime, "title": str, "idx": int}
    _, token = read(request(page_size=1), key=key).cut([0, 1], key=lambda _: (moment, text, number))

    assert read(request(page_token=token), key=key).after == (moment, text, number)


def test_an_order_is_one_of_those_allowed():
    allowed = {"title": "by title", "created_at": "by age"}

    assert pages.order_by("title", allowed, default="created_at") == ("by title", False)
    assert pages.order_by("-title", allowed, default="created_at") == ("by title", True)
    assert pages.order_by("", allowed, default="-created_at") == ("by age", True)


@pytest.mark.parametrize(
    "text", ["-", "--title", "Title", "title desc", "title,created_at", "\x00", "+title"]
)
def test_an_order_that_is_not_allowed_is_refused(text):
    with pytest.raises(InvalidArgument) as refused:
        pages.order_by(text, {"title": 1}, default="title")

    assert refused.value.reason == "ORDER_INVALID"
    assert refused.value.violations == {
        "order_by": "must be one of title, or one of them after a -"
    }


@pytest.mark.parametrize(("descending", "sign", "way"), [(False, ">", "ASC"), (True, "<", "DESC")])
def test_a_statement_is_narrowed_to_the_page(descending, sign, way):
    columns = column("created_at", TIMESTAMP(timezone=True)), column("product_id", Text)
    _, token = read(request(page_size=1), descending=descending).cut(ROWS, key=key_of)
    page = read(request(page_token=token), descending=descending)

    statement = page.of(select(*columns), *columns).compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )

    assert (
        str(statement)
        .replace("\n", "")
        .endswith(
            f"WHERE (created_at, product_id) {sign} ('2026-01-01 00:00:00+00:00', 'prod_0') "
            f"ORDER BY created_at {way}, product_id {way}  LIMIT 51"
        )
    )
