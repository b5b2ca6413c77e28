"""Tax rates over HTTP: each tenant's staff say what is due, and for what."""

import uuid

import pytest

from services.commerce.taxes.rates import MOST_RATES, MOST_RULES, refuse_full
from services.kernel.call.errors import FailedPrecondition
from tests.gateway.admin.answers import refused
from tests.gateway.admin.test_events import arrived

BOOKS = {"reference": "product_type", "reference_id": "ptyp_book"}
ATLAS = {"reference": "product", "reference_id": "prod_atlas"}


async def test_a_rate_is_its_own_tenants_alone(shops):
    made = [await shop.tax_rate(await shop.tax_region("fr"), 5.5, rules=[BOOKS]) for shop in shops]

    for shop, own, foreign in zip(shops, made, reversed(made), strict=True):
        assert await shop.page("tax-rates") == [own]
        assert await shop.done("GET", f"tax-rates/{own['id']}") == own
        assert await shop.page(f"tax-rates?id={foreign['id']}") == []
        for method in ("GET", "POST", "DELETE"):
            body = {"rate": 0} if method == "POST" else None
            answer = await shop.send(method, f"tax-rates/{foreign['id']}", body)
            refused(answer, 404, "TAX_RATE_NOT_FOUND")
    assert [await shop.page("tax-rates") for shop in shops] == [[made[0]], [made[1]]]


async def test_a_rate_is_an_exact_decimal(shops):
    for shop in shops:
        region = await shop.tax_region("fr")
        made = await shop.tax_rate(region, 19.6)
        path = f"tax-rates/{made['id']}"

        for rate in (0, 100, 8.1, 9.975, 0.0001, 10, None):
            answer = await shop.send("POST", path, {"rate": rate})
            assert answer.json()["tax_rate"]["rate"] == rate
            assert f'"rate":{"null" if rate is None else rate},' in answer.text
        for rate in (-1, 100.0001, 1.00001, 1e30):
            answer = await shop.send("POST", path, {"rate": rate})
            assert "rate" in refused(answer, 400, "FIELD_INVALID")["details"]["violations"]
        assert (await shop.page("tax-rates"))[0]["rate"] is None


async def test_an_update_replaces_rules_and_leaves_what_it_does_not_name(shops):
    for shop in shops:
        made = await shop.tax_rate(await shop.tax_region("fr"), 5.5, rules=[BOOKS, ATLAS, BOOKS])
        path = f"tax-rates/{made['id']}"

        renamed = await shop.done("POST", path, {"name": "Reduced"})
        changed = await shop.done("POST", path, {"rules": [ATLAS], "is_combinable": True})
        same = await shop.done("POST", path, {"rules": [ATLAS, ATLAS], "rate": 5.50})

        assert made["rules"] == renamed["rules"] == [ATLAS, BOOKS]
        assert (changed["rules"], changed["name"], changed["rate"]) == ([ATLAS], "Reduced", 5.5)
        assert same == changed
        assert changed["etag"] == '"3"'


async def test_a_tax_region_has_one_default(shops):
    for shop in shops:
        france, spain = await shop.tax_region("fr", 20), await shop.tax_region("es")
        body = {"code": "a", "name": "A", "is_default": True, "tax_region_id": france["id"]}
        other = await shop.tax_rate(france, 10)

        refused(await shop.send("POST", "tax-rates", body), 409, "TAX_DEFAULT_TAKEN")
        answer = await shop.send("POST", f"tax-rates/{other['id']}", {"is_default": True})
        error = refused(answer, 409, "TAX_DEFAULT_TAKEN")

        first = france["tax_rates"][0]["id"]
        assert first in error["message"]
        await shop.tax_rate(spain, 21, is_default=True)
        await shop.done("POST", f"tax-rates/{first}", {"is_default": False})
        await shop.done("POST", f"tax-rates/{other['id']}", {"is_default": True})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"code": "a\tb"}, "code"),
        ({"rules": [ATLAS, {"reference": "product", "reference_id": ""}]}, "rules[1].reference_id"),
        ({"rules": [{"reference": "country", "reference_id": "fr"}]}, "rules[0].reference"),
    ],
)
async def test_a_rate_that_cannot_be_is_refused(shops, change, field):
    for shop in shops:
        region = await shop.tax_region("fr")
        body = {"tax_region_id": region["id"], "code": "a", "name": "A", **change}

        error = refused(await shop.send("POST", "tax-rates", body), 400)

        assert field in error["details"]["violations"]
        assert await shop.page("tax-rates") == []


async def test_rates_are_filtered_sorted_and_paged(shops):
    for shop in shops:
        france, spain = await shop.tax_region("fr", 20), await shop.tax_region("es")
        low = await shop.tax_rate(france, 5.5, name="Reduced", code="red")
        none = await shop.tax_rate(spain, 0, name="Zero", code="zero")
        default = france["tax_rates"][0]["id"]

        async def found(query, shop=shop):
            return [rate["id"] for rate in await shop.page(f"tax-rates?{query}")]

        assert await found("") == [default, low["id"], none["id"]]
        assert await found("order=rate&limit=2") == [none["id"], low["id"]]
        assert await found("order=-name&offset=1") == [default, low["id"]]
        assert await found(f"tax_region_id={spain['id']}") == [none["id"]]
        assert await found("is_default=true") == [default]
        assert await found("q=RED") == [low["id"]]
        assert await found(f"id={default},{none['id']}&order=code") == [default, none["id"]]


async def test_a_stale_version_is_neither_changed_nor_deleted(shops):
    for shop in shops:
        rate = await shop.tax_rate(await shop.tax_region("fr"), 5.5)
        path = f"tax-rates/{rate['id']}"
        await shop.done("POST", path, {"rate": 6})

        for method, body in (("POST", {"rate": 7}), ("DELETE", None)):
            answer = await shop.send(method, path, body, If_Match=rate["etag"])
            refused(answer, 409, "ETAG_MISMATCH")
        assert [one["rate"] for one in await shop.page("tax-rates")] == [6]


async def test_a_repeated_request_makes_one_rate(shops):
    key = str(uuid.uuid4())
    for shop in shops:
        region = await shop.tax_region("fr")
        body = {"tax_region_id": region["id"], "code": "a", "name": "A"}
        first, again = [
            await shop.send("POST", "tax-rates", body, Idempotency_Key=key) for _ in range(2)
        ]

        assert first.json() == again.json()
        assert await shop.page("tax-rates") == [first.json()["tax_rate"]]


async def test_each_act_leaves_an_event_with_what_changed(shops, admin):
    for shop in shops:
        rate = await shop.tax_rate(await shop.tax_region("fr"), 5.5)
        await shop.done("POST", f"tax-rates/{rate['id']}", {"rate": 7.25, "rules": [ATLAS]})
        answer = await shop.send("DELETE", f"tax-rates/{rate['id']}")

        assert answer.json() == {"id": rate["id"], "object": "tax_rate", "deleted": True}
        resource = f"tenants/{shop.tenant}/taxRates/{rate['id']}"
        events = await arrived(admin, shop.tenant, f"&resource={resource}", 3)
        assert [event["permission"] for event in events] == ["tax:write"] * 3
        assert "7.25" in str(events[1]["changes"])
        assert "prod_atlas" in str(events[1]["changes"])


async def test_a_tenants_rates_have_bounded_rules(shops):
    full, other = shops
    for shop in shops:
        await shop.tax_region("fr")
    [region] = await full.page("tax-regions")
    for number in range(10):
        rules = [{**ATLAS, "reference_id": f"prod_{number}_{n}"} for n in range(200)]
        last = await full.tax_rate(region, number, rules=rules)

    body = {"tax_region_id": region["id"], "code": "a", "name": "A", "rules": [ATLAS]}
    refused(await full.send("POST", "tax-rates", body), 400, "TAX_RATES_FULL")
    await full.done("POST", f"tax-rates/{last['id']}", {"rules": [ATLAS]})
    assert await other.tax_rate((await other.page("tax-regions"))[0], 1, rules=[ATLAS])


def test_a_tenant_has_at_most_500_rates():
    assert (MOST_RATES, MOST_RULES) == (500, 2000)
    refuse_full(499, 2000)
    with pytest.raises(FailedPrecondition, match="at most 500"):
        refuse_full(500, 0)
