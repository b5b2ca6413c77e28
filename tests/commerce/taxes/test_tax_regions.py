"""Tax regions over HTTP: each tenant's staff say where taxes are charged."""

import uuid

import pytest
from souk.commerce.v1 import tax_region_service_pb2 as pb

from services.commerce.models import TaxRegion
from services.commerce.taxes.regions import MOST_REGIONS, parent_of
from services.kernel.call.errors import FailedPrecondition
from tests.gateway.admin.answers import refused
from tests.gateway.admin.test_events import arrived


async def test_a_country_comes_with_its_default_rate(shops):
    for shop in shops:
        rate = {"rate": 19.6, "code": "tva", "name": "TVA", "metadata": {"a": 1}}
        body = {"country_code": "FR", "provider_id": "tp_system", "default_tax_rate": rate}

        region = await shop.done("POST", "tax-regions", body)

        [made] = region["tax_rates"]
        assert region == {
            "id": region["id"],
            "country_code": "fr",
            "province_code": None,
            "parent_id": None,
            "provider_id": "tp_system",
            "tax_rates": [made],
            "metadata": None,
            "etag": '"1"',
            "created_at": region["created_at"],
            "updated_at": region["created_at"],
            "deleted_at": None,
        }
        assert made == {
            **rate,
            "id": made["id"],
            "tax_region_id": region["id"],
            "is_default": True,
            "is_combinable": False,
            "rules": [],
            "etag": '"1"',
            "created_at": region["created_at"],
            "updated_at": region["created_at"],
            "deleted_at": None,
        }
        assert await shop.page("tax-regions") == [region]
        assert await shop.done("GET", f"tax-regions/{region['id']}") == region
        assert await shop.page("tax-rates") == [made]


async def test_a_tax_region_is_its_own_tenants_alone(shops):
    made = [await shop.tax_region("fr", 20) for shop in shops]

    for shop, own, foreign in zip(shops, made, reversed(made), strict=True):
        assert await shop.page("tax-regions") == [own]
        assert await shop.page(f"tax-regions?id={foreign['id']}") == []
        for method in ("GET", "POST", "DELETE"):
            body = {"metadata": {"a": 1}} if method == "POST" else None
            answer = await shop.send(method, f"tax-regions/{foreign['id']}", body)
            refused(answer, 404, "TAX_REGION_NOT_FOUND")
        rate = {"tax_region_id": foreign["id"], "code": "a", "name": "A"}
        refused(await shop.send("POST", "tax-rates", rate), 404, "TAX_REGION_NOT_FOUND")
    assert [await shop.page("tax-regions") for shop in shops] == [[made[0]], [made[1]]]


async def test_nobody_but_who_runs_a_tenant_sees_or_sets_its_taxes(shops, enter):
    paris, lyon = shops
    body = {"country_code": "fr"}
    for method in ("GET", "POST"):
        answer = await paris.send(method, "tax-regions", body, X_Tenant_ID=lyon.tenant)
        refused(answer, 404, "TENANT_NOT_FOUND")
    for shop in shops:
        _, shop.staff = await enter(("CatalogMgr", shop.tenant))
        for path in ("tax-regions", "tax-rates"):
            refused(await shop.send("GET", path), 403, "PERMISSION_MISSING")
        refused(await shop.send("POST", "tax-regions", body), 403, "PERMISSION_MISSING")
        rate = {"tax_region_id": "txreg_1", "code": "a", "name": "A"}
        refused(await shop.send("POST", "tax-rates", rate), 403, "PERMISSION_MISSING")


async def test_a_province_is_of_a_country_that_is_there(shops):
    for shop in shops:
        body = {"country_code": "ca", "province_code": "ca-on"}
        refused(await shop.send("POST", "tax-regions", body), 404, "TAX_REGION_NOT_FOUND")
        canada, france = await shop.tax_region("ca"), await shop.tax_region("fr")
        wrong = body | {"parent_id": france["id"]}
        refused(await shop.send("POST", "tax-regions", wrong), 404, "TAX_REGION_NOT_FOUND")

        ontario = await shop.tax_region("ca", province_code="on", parent_id=canada["id"])
        quebec = await shop.tax_region("ca", 9.975, province_code="CA-QC")

        assert (ontario["province_code"], ontario["parent_id"]) == ("ca-on", canada["id"])
        assert (quebec["parent_id"], quebec["provider_id"]) == (canada["id"], None)
        assert quebec["tax_rates"][0]["rate"] == 9.975


async def test_a_place_has_one_tax_region(shops):
    for shop in shops:
        canada = await shop.tax_region("ca")
        await shop.tax_region("ca", province_code="on")

        for body in ({"country_code": "CA"}, {"country_code": "ca", "province_code": "ca-on"}):
            refused(await shop.send("POST", "tax-regions", body), 409, "TAX_REGION_EXISTS")
        assert (await shop.page("tax-regions"))[0] == canada


async def test_with_a_country_go_its_provinces_and_all_rates(shops):
    going, staying = shops
    for shop in shops:
        canada = await shop.tax_region("ca", 5)
        await shop.tax_region("ca", 13, province_code="on")
        await shop.tax_rate(canada, 0, rules=[{"reference": "product", "reference_id": "a"}])
    [canada, _] = await going.page("tax-regions")

    answer = await going.send("DELETE", f"tax-regions/{canada['id']}")

    assert answer.json() == {"id": canada["id"], "object": "tax_region", "deleted": True}
    assert [await going.page(path) for path in ("tax-regions", "tax-rates")] == [[], []]
    assert [len(await staying.page(path)) for path in ("tax-regions", "tax-rates")] == [2, 3]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"country_code": "zz"}, "country_code"),
        ({"country_code": "france"}, "country_code"),
        ({"province_code": "ca-"}, "province_code"),
        ({"province_code": "quebec"}, "province_code"),
        ({"province_code": "q c"}, "province_code"),
        ({"parent_id": "txreg_1"}, "parent_id"),
        ({"provider_id": "tp_other"}, "provider_id"),
        ({"province_code": "on", "provider_id": "tp_system"}, "provider_id"),
        ({"default_tax_rate": {"code": " ", "name": "A"}}, "default_tax_rate.code"),
        ({"default_tax_rate": {"code": "a", "name": "A", "rate": -1}}, "default_tax_rate.rate"),
    ],
)
async def test_a_tax_region_that_cannot_be_is_refused(shops, change, field):
    for shop in shops:
        answer = await shop.send("POST", "tax-regions", {"country_code": "ca", **change})

        assert field in refused(answer, 400, "FIELD_INVALID")["details"]["violations"]
        assert await shop.page("tax-regions") == []


async def test_a_tax_region_never_changes_its_place(shops):
    for shop in shops:
        canada = await shop.tax_region("ca")
        path = f"tax-regions/{canada['id']}"

        refused(await shop.send("POST", path, {"province_code": "on"}), 400, "FIELD_IMMUTABLE")
        same = await shop.done("POST", path, {"provider_id": "tp_system", "province_code": None})
        changed = await shop.done("POST", path, {"metadata": {"a": 1}})

        assert same == canada
        assert (changed["metadata"], changed["etag"]) == ({"a": 1}, '"2"')


async def test_tax_regions_are_filtered_sorted_and_paged(shops):
    for shop in shops:
        canada, france = await shop.tax_region("ca"), await shop.tax_region("fr")
        ontario = await shop.tax_region("ca", province_code="on")

        async def found(query, shop=shop):
            return [region["id"] for region in await shop.page(f"tax-regions?{query}")]

        everything = [canada["id"], france["id"], ontario["id"]]
        assert await found("") == everything
        assert await found("order=-country_code&limit=2") == [france["id"], ontario["id"]]
        assert await found("order=province_code&offset=2") == [ontario["id"]]
        assert await found("country_code=CA") == [canada["id"], ontario["id"]]
        assert await found("province_code=ca-on") == [ontario["id"]]
        assert await found("parent_id=null") == [canada["id"], france["id"]]
        assert await found(f"parent_id={canada['id']}") == [ontario["id"]]
        assert await found("q=-ON") == [ontario["id"]]
        assert await found("order=updated_at") == everything


async def test_a_stale_version_is_neither_changed_nor_deleted(shops):
    for shop in shops:
        region = await shop.tax_region("fr")
        path = f"tax-regions/{region['id']}"
        await shop.done("POST", path, {"metadata": {"a": 1}})

        for method, body in (("POST", {"metadata": {"a": 2}}), ("DELETE", None)):
            answer = await shop.send(method, path, body, If_Match=region["etag"])
            refused(answer, 409, "ETAG_MISMATCH")
        assert [one["metadata"] for one in await shop.page("tax-regions")] == [{"a": 1}]


async def test_a_repeated_request_makes_one_tax_region(shops):
    key = str(uuid.uuid4())
    for shop in shops:
        body = {"country_code": "fr", "default_tax_rate": {"code": "a", "name": "A"}}
        first, again = [
            await shop.send("POST", "tax-regions", body, Idempotency_Key=key) for _ in range(2)
        ]

        assert first.json() == again.json()
        assert await shop.page("tax-regions") == [first.json()["tax_region"]]
        assert len(await shop.page("tax-rates")) == 1


async def test_each_act_leaves_events_in_its_tenants_log(shops, admin):
    for shop in shops:
        region = await shop.tax_region("fr", 20)
        await shop.done("POST", f"tax-regions/{region['id']}", {"metadata": {"a": "changed"}})
        await shop.send("DELETE", f"tax-regions/{region['id']}")

        resource = f"tenants/{shop.tenant}/taxRegions/{region['id']}"
        events = await arrived(admin, shop.tenant, f"&resource={resource}", 3)
        assert [event["permission"] for event in events] == ["tax:write"] * 3
        assert "changed" in str(events[1]["changes"])
        rate = f"tenants/{shop.tenant}/taxRates/{region['tax_rates'][0]['id']}"
        await arrived(admin, shop.tenant, f"&resource={rate}", 1)


async def test_there_is_one_tax_provider(shops):
    for shop in shops:
        assert await shop.page("tax-providers") == [{"id": "tp_system", "is_enabled": True}]


def test_a_tenant_has_at_most_300_tax_regions():
    full = [TaxRegion(country_code=str(n), province_code="") for n in range(MOST_REGIONS)]

    assert MOST_REGIONS == 300
    assert parent_of(full[1:], pb.TaxRegion(country_code="FR")) is None
    with pytest.raises(FailedPrecondition, match="at most 300"):
        parent_of(full, pb.TaxRegion(country_code="FR"))
