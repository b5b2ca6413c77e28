"""The hot layer: what is answered from memory, to whom, and what it costs those behind it."""

import asyncio
from dataclasses import replace

import pytest

from gateway.hot import versions
from gateway.limits import Holder, Kind
from gateway.medusa.errors import GATEWAY_BUSY, Refused
from gateway.request_state import NOBODY, of_scope
from tests.gateway.hot.shops import LIST, Shops
from tests.gateway.known_tenants import known_tenant

CALLERS = {
    "authorization": "Bearer secret",
    "cookie": "session=secret",
    "host": "paris.example",
    "x-publishable-api-key": "pk_secret",
    "user-agent": "secret",
}


async def test_a_second_request_is_answered_from_memory(shops):
    for shop, product in (("paris", "whey"), ("lyon", "tea")):
        first, second = await shops.get(shop), await shops.get(shop)
        assert first.body == second.body
        assert second.product == product

    assert len(shops.requests) == 2
    assert (shops.counted("miss"), shops.counted("hit")) == (2, 2)


async def test_a_shop_gets_its_own_answer_to_the_question_of_another(shops):
    paris, lyon = await shops.get("paris"), await shops.get("lyon")

    assert (paris.product, lyon.product) == ("whey", "tea")
    assert (paris.headers[b"cache-tag"], lyon.headers[b"cache-tag"]) == (b"paris", b"lyon")


async def test_two_shops_that_are_asked_at_once_get_their_own_answers(shops):
    answers = await asyncio.gather(*(shops.get(one) for one in ("paris", "lyon") * 10))

    assert [one.product for one in answers] == ["whey", "tea"] * 10


async def test_a_read_that_asks_the_routes_takes_a_slot_of_its_shops_share(shops):
    for shop in ("paris", "lyon"):
        await shops.get(shop)

    holders = [of_scope(scope).get(Holder) for scope in shops.requests]
    assert holders == [Holder(shop, Kind.STORE_READ) for shop in ("paris", "lyon")]


async def test_each_locale_has_an_answer_however_it_is_asked_for(shops):
    shops.tenants["paris"] = known_tenant("paris", supported_locales=("fr", "ar"))
    arabic = [
        await shops.get("paris", f"{LIST}?locale=ar"),
        await shops.get("paris", headers={"x-medusa-locale": "AR-tn"}),
        await shops.get("paris", f"{LIST}?locale=ar", headers={"x-medusa-locale": "fr"}),
    ]
    french = [
        await shops.get("paris"),
        await shops.get("paris", headers={"x-medusa-locale": ""}),
        await shops.get("paris", f"{LIST}?locale=de"),
        await shops.get("lyon", headers={"x-medusa-locale": "ar"}),
    ]

    assert {one.headers[b"content-language"] for one in arabic} == {b"ar"}
    assert {one.headers[b"content-language"] for one in french} == {b"fr"}
    assert len(shops.requests) == 3
    locales = [of_scope(scope).fields.joined(b"x-medusa-locale") for scope in shops.requests]
    assert locales == [b"ar", b"fr", b"fr"]


async def test_a_header_that_is_no_locale_is_the_routes_to_refuse(shops):
    for shop in ("paris", "lyon"):
        await shops.get(shop, headers={"x-medusa-locale": "not a locale"})
        await shops.get(shop, headers={"x-medusa-locale": "not a locale"})

    assert len(shops.requests) == 4


async def test_a_failure_is_not_kept(shops):
    shops.fails = True
    for shop in ("paris", "lyon"):
        assert (await shops.get(shop)).status == 503

    shops.fails = False

    assert [(await shops.get(shop)).status for shop in ("paris", "lyon")] == [200, 200]


async def test_the_head_office_is_the_shop_of_a_request_that_names_none(shops):
    shops.products["hq"] = "everything"

    for shop in ("", "hq"):
        assert (await shops.get(shop)).product == "everything"

    assert len(shops.requests) == 1


async def test_spellings_of_one_question_are_one_answer(shops):
    for shop in ("paris", "lyon"):
        for query in (
            "id=b&id=a&limit=50",
            "id[]=a&id[]=b&offset=0",
            "limit=050&id=a,b&order=&q=",
            "offset=00&id[1]=a&id[0]=b&fields=",
            "id%5B%24in%5D%5B0%5D=b&id%5B%5D=a",
        ):
            assert (await shops.get(shop, f"{LIST}?{query}")).status == 200

    assert len(shops.requests) == 2


async def test_other_questions_are_other_answers(shops):
    queries = ["", "limit=49", "offset=1", "id=a", "id=b", "handle=a", "order=title", "q=a",
               "order=-title", "fields=id", "is_giftcard=true"]  # fmt: skip
    for shop in ("paris", "lyon"):
        for query in queries:
            await shops.get(shop, f"{LIST}?{query}")
        for path in (f"{LIST}/a", f"{LIST}/b", "/store/collections", "/store/regions"):
            await shops.get(shop, path)

    assert len(shops.requests) == 2 * (len(queries) + 4)


@pytest.mark.parametrize(
    "target",
    [f"{LIST}?nonsense=1", f"{LIST}?limit=0", f"{LIST}/", f"{LIST}/a/b", "/store/carts", "/docs"],
)
async def test_a_request_that_is_no_hot_read_goes_to_the_routes_each_time(shops, target):
    for shop in ("paris", "lyon"):
        for _ in range(2):
            await shops.get(shop, target, headers=CALLERS)

    assert len(shops.requests) == 4
    assert all(len(scope["headers"]) == len(CALLERS) for scope in shops.requests)


async def test_an_answer_has_nothing_of_the_caller(shops):
    first = await shops.get("paris", headers=CALLERS)
    other = await shops.get("paris")
    await shops.get("lyon", headers=CALLERS)

    assert first.body == other.body
    assert first.headers == other.headers
    for scope in shops.requests:
        assert (scope["headers"], scope["client"]) == ([], None)
        assert of_scope(scope).client is NOBODY
        seen = repr({name: value for name, value in scope.items() if name != "state"})
        assert "secret" not in seen
        assert "203.0.113.9" not in seen


async def test_a_cached_404_has_the_request_id_of_its_own_request(shops):
    for shop in ("paris", "lyon"):
        first, second = [await shops.get(shop, f"{LIST}/none") for _ in range(2)]
        for answer in (first, second):
            assert answer.status == 404
            assert answer.request_id.encode() in answer.body
        assert first.request_id.encode() not in second.body
        assert int(second.headers[b"content-length"]) == len(second.body)
        assert b"etag" not in second.headers

    assert len(shops.requests) == 2


async def test_an_answer_is_of_the_version_that_is_shown(shops):
    for shop in ("paris", "lyon"):
        await shops.get(shop)

    await shops.write(lambda: shops.change("paris", "oats"))

    assert [(await shops.get(shop)).product for shop in ("paris", "lyon")] == ["oats", "tea"]
    assert len(shops.requests) == 4  # the write, and the page that changed


async def test_a_version_that_went_back_is_another_version(shops):
    shops.versions["paris"] = 9
    await shops.get("paris")
    await shops.get("lyon")

    def restore():
        shops.products["paris"], shops.versions["paris"] = "before", 4

    await shops.write(restore)

    assert (await shops.get("paris")).product == "before"
    assert (await shops.get("lyon")).product == "tea"


async def test_a_tenants_new_configuration_makes_new_answers(shops):
    for shop in ("paris", "lyon"):
        await shops.get(shop)
    shops.products = {"paris": "prices in pounds", "lyon": "nothing"}

    shops.tenants["paris"] = known_tenant("paris", version=2)

    assert (await shops.get("paris")).product == "prices in pounds"
    assert (await shops.get("lyon")).product == "tea"


async def test_another_locale_of_the_head_office_makes_new_answers(shops):
    for shop in ("paris", "lyon"):
        await shops.get(shop)
    shops.products = {"paris": "in English", "lyon": "in English, too"}

    shops.tenants["hq"] = known_tenant("hq", default_locale="en", supported_locales=("en",))

    assert (await shops.get("paris")).product == "in English"
    assert (await shops.get("lyon")).product == "in English, too"


async def test_no_answer_is_kept_while_nobody_knows_the_head_office(shops):
    del shops.tenants["hq"]

    for shop, product in (("paris", "whey"), ("lyon", "tea")) * 2:
        assert (await shops.get(shop)).product == product
    assert len(shops.requests) == 4


async def test_a_configuration_with_a_known_version_but_other_contents_is_another(shops):
    """After a restore from a backup, versions are given again."""
    for shop in ("paris", "lyon"):
        await shops.get(shop)
    shops.products = {"paris": "prices in francs", "lyon": "nothing"}

    shops.tenants["paris"] = replace(shops.tenants["paris"], currency_code="CHF")

    assert (await shops.get("paris")).product == "prices in francs"
    assert (await shops.get("lyon")).product == "tea"


async def test_a_write_that_changed_nothing_makes_nobody_ask_again(shops, monkeypatch):
    monkeypatch.setattr(versions, "REFRESH_SECONDS", 3600)
    for shop in ("paris", "lyon"):
        await shops.get(shop)
    polls = len(shops.polls)

    def is_refused():
        raise Refused(GATEWAY_BUSY)

    answers = [await shops.get("", path, method="POST") for path in ("/admin/none", "/auth/reset")]
    with pytest.raises(Refused):
        await shops.write(is_refused)
    for shop in ("paris", "lyon"):
        await shops.get(shop)

    assert [one.status for one in answers] == [404, 200]
    assert len(shops.polls) == polls


async def test_a_change_is_shown_with_its_answer(shops):
    for shop in ("paris", "lyon"):
        await shops.get(shop)
    seen = []

    async def write():
        await shops.write(lambda: shops.change("paris", "oats"))
        seen.append((await shops.get("paris")).product)

    await write()

    assert seen == ["oats"]
    assert (await shops.get("lyon")).product == "tea"


async def test_a_write_that_broke_may_have_changed_something_too(shops):
    for shop in ("paris", "lyon"):
        await shops.get(shop)

    def break_off():
        shops.change("paris", "oats")
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await shops.write(break_off)

    assert (await shops.get("paris")).product == "oats"
    assert (await shops.get("lyon")).product == "tea"


async def test_a_thousand_after_a_change_cost_one_call(shops, monkeypatch):
    monkeypatch.setattr(versions, "REFRESH_SECONDS", 3600)
    for shop in ("paris", "lyon"):
        await shops.get(shop)
    await shops.write(lambda: shops.change("paris", "oats"))
    before, polls = len(shops.requests), len(shops.polls)

    shops.gate.clear()

    asking = asyncio.gather(*(shops.get("paris") for _ in range(1_000)))
    while len(shops.requests) == before:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    shops.gate.set()
    answers = await asking

    assert {one.product for one in answers} == {"oats"}
    assert len(shops.requests) == before + 1
    assert len(shops.polls) == polls + 1
    assert (await shops.get("lyon")).product == "tea"


async def test_the_first_callers_hang_up_does_not_cancel_the_answer_of_others(shops):
    shops.gate.clear()
    gone = asyncio.create_task(shops.get("paris"))
    waiting = asyncio.create_task(shops.get("paris"))
    while not shops.requests:
        await asyncio.sleep(0)

    gone.cancel()
    shops.gate.set()

    assert (await waiting).product == "whey"
    assert len(shops.requests) == 1
    assert (await shops.get("lyon")).product == "tea"


async def test_an_answer_that_a_change_overtook_is_not_kept(shops):
    shops.gate.clear()
    slow = asyncio.create_task(shops.get("paris"))
    while not shops.requests:
        await asyncio.sleep(0)
    shops.gate.set()
    await shops.write(lambda: shops.change("paris", "oats"))
    fresh = await shops.get("paris")
    await slow

    assert fresh.product == (await shops.get("paris")).product == "oats"
    assert (await shops.get("lyon")).product == "tea"


async def test_without_versions_the_routes_answer_each_time(shops, monkeypatch):
    monkeypatch.setattr(versions, "ANSWER_SECONDS", 0.01)
    shops.is_silent = True

    for shop, product in (("paris", "whey"), ("lyon", "tea")):
        for _ in range(2):
            answer = await shops.get(shop)
            assert answer.product == product
            assert answer.headers[b"cache-control"].startswith(b"public, max-age=0, s-maxage=1")

    assert len(shops.requests) == 4
    assert shops.counted("uncached") == 4


@pytest.mark.parametrize("state", ["provisioning", "suspended", "archived"])
async def test_a_closed_shop_is_the_routes_business(shops, state):
    shops.tenants["paris"] = known_tenant("paris", state=state)

    for shop in ("paris", "lyon"):
        for _ in range(2):
            await shops.get(shop, headers=CALLERS)

    assert len(shops.requests) == 2 + 1


async def test_an_unknown_shop_is_the_routes_business(shops):
    del shops.tenants["hq"]

    for name in ("nobody", ""):
        await shops.get(name, headers=CALLERS)

    assert [len(scope["headers"]) for scope in shops.requests] == [len(CALLERS)] * 2


async def test_log_and_metrics_know_whose_route_it_was(shops):
    for shop in ("paris", "lyon"):
        for _ in range(2):
            assert (await shops.get(shop)).scope["route"] == "a route"


async def test_memory_is_never_above_its_bound():
    shops = Shops(most_bytes=100_000, padding=4_000)

    for number in range(100):
        for shop in ("paris", "lyon"):
            await shops.get(shop, f"{LIST}/{number}")
            assert 0 < shops.hot.answers.bytes <= 100_000

    await shops.hot.close()
