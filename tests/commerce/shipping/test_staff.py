"""Staff of two tenants set up how they ship."""

import uuid

import pytest

from tests.commerce.shipping.conftest import OPTIONS
from tests.gateway.admin.answers import refused
from tests.gateway.admin.test_events import arrived

PROFILES, SETS = "/admin/shipping-profiles", "/admin/fulfillment-sets"


async def listed(shop, path):
    answer = await shop.send("GET", path)
    assert answer.status_code == 200, answer.text
    [rows] = [rows for rows in answer.json().values() if isinstance(rows, list)]
    return rows


async def test_a_set_up_is_its_own_tenants_alone(both):
    made = []
    for shop in both:
        zone, profile = await shop.zone(), await shop.profile()
        option = await shop.option(zone, profile, 5)
        [of_zone] = await listed(shop, SETS)
        made.append((profile, of_zone, zone, option))

    for shop, own, foreign in zip(both, made, reversed(made), strict=True):
        profile, of_zone, _, option = own
        assert await listed(shop, PROFILES) == [profile]
        assert await listed(shop, SETS) == [of_zone]
        assert await listed(shop, OPTIONS) == [option]
        for path, code in (
            (f"{PROFILES}/{foreign[0]['id']}", "SHIPPING_PROFILE_NOT_FOUND"),
            (f"{SETS}/{foreign[1]['id']}", "FULFILLMENT_SET_NOT_FOUND"),
            (foreign[2]["path"], "SERVICE_ZONE_NOT_FOUND"),
            (f"{OPTIONS}/{foreign[3]['id']}", "SHIPPING_OPTION_NOT_FOUND"),
        ):
            refused(await shop.send("GET", path), 404, code)
            refused(await shop.send("DELETE", path), 404, code)
            if path != f"{SETS}/{foreign[1]['id']}":
                refused(await shop.send("POST", path, {"name": "Taken"}), 404, code)
        body = {"name": "X", "prices": [{"currency_code": "eur", "amount": 1}]}
        foreign_ids = {"service_zone_id": foreign[2]["id"], "shipping_profile_id": foreign[0]["id"]}
        mine = {"service_zone_id": own[2]["id"], "shipping_profile_id": own[0]["id"]}
        answer = await shop.send("POST", OPTIONS, {**body, **foreign_ids})
        refused(answer, 404, "SERVICE_ZONE_NOT_FOUND")
        foreign_ids["service_zone_id"] = mine["service_zone_id"]
        answer = await shop.send("POST", OPTIONS, {**body, **foreign_ids})
        refused(answer, 404, "SHIPPING_PROFILE_NOT_FOUND")
        prices = [{"region_id": "reg_elsewhere", "amount": 1}]
        answer = await shop.send("POST", OPTIONS, {**body, **mine, "prices": prices})
        refused(answer, 404, "REGION_NOT_FOUND")
        zones = f"{SETS}/{foreign[1]['id']}/service-zones"
        refused(await shop.send("POST", zones, {"name": "X"}), 404, "FULFILLMENT_SET_NOT_FOUND")
        for path in (PROFILES, SETS, OPTIONS):
            answer = await shop.send("GET", path, X_Tenant_ID=both[shop is both[0]].tenant)
            refused(answer, 404, "TENANT_NOT_FOUND")


async def test_only_who_runs_a_tenant_sets_up_how_it_ships(both, enter):
    for shop in both:
        option = await shop.standard(5)
        for role in ("CatalogMgr", "OrderOps"):
            _, shop.http = await enter((role, shop.tenant))

            refused(await shop.send("GET", OPTIONS), 403, "PERMISSION_MISSING")
            for path, body in (
                (PROFILES, {"name": "X", "type": "x"}),
                (SETS, {"name": "X", "type": "shipping"}),
                (f"{OPTIONS}/{option['id']}", {"name": "X"}),
                (f"{OPTIONS}/{option['id']}/rules/batch", {}),
            ):
                refused(await shop.send("POST", path, body), 403, "PERMISSION_MISSING")


async def test_a_profile_is_changed_and_deleted_unless_options_have_it(both):
    for shop in both:
        profile = await shop.profile(metadata={"a": 1, "b": 2})
        path = f"{PROFILES}/{profile['id']}"

        changed = await shop.done("POST", path, {"name": "Heavy", "metadata": {"a": ""}})
        assert (changed["name"], changed["metadata"]) == ("Heavy", {"b": 2})
        assert changed["etag"] == '"2"'
        assert await shop.done("POST", path, {"name": "Heavy"}) == changed
        answer = await shop.send("POST", path, {"name": "Older"}, If_Match=profile["etag"])
        refused(answer, 409, "ETAG_MISMATCH")
        answer = await shop.send("POST", PROFILES, {"name": "Heavy", "type": "x"})
        refused(answer, 409, "SHIPPING_PROFILE_TAKEN")
        option = await shop.option(await shop.zone(), profile, 5)
        refused(await shop.send("DELETE", path), 400, "SHIPPING_PROFILE_IN_USE")
        await shop.done("DELETE", f"{OPTIONS}/{option['id']}")
        answer = await shop.send("DELETE", path)
        assert answer.json()["object"] == "shipping_profile"
        assert await listed(shop, PROFILES) == []


async def test_zones_are_changed_and_deleted_unless_options_serve_them(both):
    for shop in both:
        zone = await shop.zone({"country_code": "FR", "province_code": "Rhône"})
        set_path = zone["path"].rpartition("/service-zones")[0]
        [area] = zone["geo_zones"]
        assert (area["type"], area["country_code"]) == ("province", "fr")

        body = {"geo_zones": [{"id": area["id"], "country_code": "fr"}, {"country_code": "be"}]}
        changed = await shop.done("POST", zone["path"], body)
        [left] = changed["service_zones"]
        assert [area["type"] for area in left["geo_zones"]] == ["country", "country"]
        assert left["geo_zones"][0]["id"] == area["id"]
        assert await shop.done("GET", zone["path"]) == left
        assert await shop.done("GET", set_path) == changed
        name = {"name": "Zone"}
        answer = await shop.send("POST", f"{set_path}/service-zones", name)
        refused(answer, 409, "SERVICE_ZONE_TAKEN")
        answer = await shop.send("POST", SETS, {"name": changed["name"], "type": "pickup"})
        refused(answer, 409, "FULFILLMENT_SET_TAKEN")
        option = await shop.option(zone, await shop.profile(), 5)
        refused(await shop.send("DELETE", zone["path"]), 400, "SERVICE_ZONE_IN_USE")
        refused(await shop.send("DELETE", set_path), 400, "FULFILLMENT_SET_IN_USE")
        await shop.done("DELETE", f"{OPTIONS}/{option['id']}")
        answer = (await shop.send("DELETE", zone["path"])).json()
        assert (answer["object"], answer["parent"]["service_zones"]) == ("service_zone", [])
        await shop.done("POST", f"{set_path}/service-zones", name)
        assert (await shop.send("DELETE", set_path)).json()["object"] == "fulfillment_set"
        assert await listed(shop, SETS) == []


async def test_an_option_is_changed_and_keeps_what_is_not_sent(both):
    for shop in both:
        rules = [{"attribute": "item_total", "operator": "gte", "value": "10.50"}]
        price = {"currency_code": "EUR", "amount": 0, "rules": rules}
        kind = {"label": "Express", "description": "Fast", "code": "express"}
        option = await shop.standard(
            5, price, rules=rules, type=kind, provider_id="manual_manual", data={"a": 1}
        )
        path = f"{OPTIONS}/{option['id']}"
        assert [price["amount"] for price in option["prices"]] == [5, 0]
        assert option["prices"][1]["price_rules"][0]["value"] == "10.5"
        assert (option["type"], option["data"]) == (kind, {"a": 1})
        assert option["provider"] == {"id": "manual_manual", "is_enabled": True}

        first, second = option["prices"]
        prices = [{"id": second["id"], "amount": 1}, {"currency_code": "eur", "amount": 2}]
        changed = await shop.done("POST", path, {"name": "Slow", "prices": prices})

        assert (changed["name"], changed["rules"]) == ("Slow", option["rules"])
        left, new = changed["prices"]
        assert left == {**second, "amount": 1}
        assert (new["amount"], new["id"] in (first["id"], second["id"])) == (2, False)
        answer = await shop.send("DELETE", path, If_Match=option["etag"])
        refused(answer, 409, "ETAG_MISMATCH")
        gone = {"id": option["id"], "object": "shipping_option", "deleted": True}
        assert (await shop.send("DELETE", path)).json() == gone


async def test_rules_are_changed_in_a_batch_all_or_none(both):
    for shop in both:
        below = {"attribute": "item_total", "operator": "lt", "value": 100}
        in_store = {"attribute": "enabled_in_store", "operator": "eq", "value": "true"}
        option = await shop.standard(5, rules=[below, in_store])
        path = f"{OPTIONS}/{option['id']}"
        first, second = option["rules"]
        weight = {"attribute": "weight", "operator": "lte", "value": 3000}
        batch = {
            "create": [weight],
            "update": [{"id": first["id"], "value": 200}],
            "delete": [second["id"]],
        }

        wrong = {**batch, "delete": ["sorul_none"]}
        refused(
            await shop.send("POST", f"{path}/rules/batch", wrong), 404, "SHIPPING_RULE_NOT_FOUND"
        )
        assert await shop.done("GET", path) == option
        key = str(uuid.uuid4())
        answers = [
            await shop.send("POST", f"{path}/rules/batch", batch, Idempotency_Key=key)
            for _ in range(2)
        ]

        done = answers[0].json()
        assert done == answers[1].json()
        [created] = done["created"]
        assert created == {"id": created["id"], **weight, "value": "3000"}
        assert done["updated"] == [{**first, "value": "200"}]
        assert done["deleted"]["ids"] == [second["id"]]
        assert (await shop.done("GET", path))["rules"] == [*done["updated"], created]
        nothing = await shop.done("POST", f"{path}/rules/batch", {})
        assert (nothing["created"], nothing["updated"]) == ([], [])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\tb"}, "name"),
        ({"provider_id": "fp_x"}, "provider_id"),
        ({"prices": []}, "prices"),
        ({"prices": [{"amount": 1}]}, "prices[0].currency_code"),
        ({"prices": [{"amount": 1, "currency_code": "xyz"}]}, "prices[0].currency_code"),
        ({"prices": [{"amount": -1, "currency_code": "eur"}]}, "prices[0].amount"),
        ({"prices": [{"amount": 1.001, "currency_code": "eur"}]}, "prices[0].amount"),
        ({"rules": [{"attribute": "colour"}]}, "rules[0].attribute"),
        ({"rules": [{"attribute": "weight", "value": 1}]}, "rules[0].operator"),
        ({"rules": [{"attribute": "weight", "operator": "gt"}]}, "rules[0].value"),
        ({"rules": [{"attribute": "weight", "operator": "gt", "value": "a"}]}, "rules[0].value"),
        ({"rules": [{"attribute": "weight", "operator": "gt", "value": [1, 2]}]}, "rules[0].value"),
        ({"rules": [{"attribute": "is_return", "operator": "eq", "value": 1}]}, "rules[0].value"),
        (
            {"rules": [{"attribute": "is_return", "operator": "gt", "value": "true"}]},
            "rules[0].operator",
        ),
    ],
)
async def test_an_option_that_cannot_be_is_refused_by_field(both, change, field):
    for shop in both:
        option = await shop.standard(5)

        answer = await shop.send("POST", f"{OPTIONS}/{option['id']}", change)

        assert field in refused(answer, 400)["details"]["violations"], answer.text
        assert await listed(shop, OPTIONS) == [option]


async def test_a_flat_price_depends_on_the_items_alone(both):
    for shop in both:
        rules = [{"attribute": "weight", "operator": "gt", "value": 1}]
        body = {"prices": [{"currency_code": "eur", "amount": 1, "rules": rules}]}
        option = await shop.standard(5)
        path = f"{OPTIONS}/{option['id']}"

        error = refused(await shop.send("POST", path, body), 400, "FIELD_INVALID")
        assert "prices[0].rules[0].attribute" in error["details"]["violations"]
        await shop.done("POST", path, {**body, "price_type": "calculated"})


@pytest.mark.parametrize(
    ("area", "field"),
    [
        ({"country_code": "zz"}, "country_code"),
        ({"country_code": "fr", "city": "Lyon"}, "province_code"),
        ({"type": "zip", "country_code": "fr", "province_code": "x", "city": "y"}, "postal"),
        ({"type": "country", "country_code": "fr", "province_code": "x"}, "province_code"),
    ],
)
async def test_an_area_needs_what_is_coarser_and_nothing_finer(both, area, field):
    for shop in both:
        zone = await shop.zone()

        answer = await shop.send("POST", zone["path"], {"geo_zones": [area]})

        assert field in str(refused(answer, 400, "FIELD_INVALID")["details"]["violations"])
        assert (await shop.done("GET", zone["path"]))["geo_zones"] == zone["geo_zones"]


async def test_there_are_no_more_than_the_bounds_allow(both):
    full, other = both
    zone, profile = await full.zone(), await full.profile()
    set_path = zone["path"].rpartition("/service-zones")[0]
    for number in range(49):
        await full.profile(f"p{number}")
        await full.done("POST", SETS, {"name": f"Set {number}", "type": "shipping"})
        await full.done("POST", f"{set_path}/service-zones", {"name": f"Zone {number}"})
    for _ in range(200):
        await full.option(zone, profile, 5)

    for path, body, code in (
        (PROFILES, {"name": "X", "type": "x"}, "SHIPPING_PROFILES_FULL"),
        (SETS, {"name": "X", "type": "shipping"}, "FULFILLMENT_SETS_FULL"),
        (f"{set_path}/service-zones", {"name": "X"}, "SERVICE_ZONES_FULL"),
    ):
        refused(await full.send("POST", path, body), 400, code)
    option = {
        "name": "X",
        "service_zone_id": zone["id"],
        "shipping_profile_id": profile["id"],
        "prices": [{"currency_code": "eur", "amount": 1}],
    }
    refused(await full.send("POST", OPTIONS, option), 400, "SHIPPING_OPTIONS_FULL")
    assert len(await listed(full, f"{OPTIONS}?limit=200")) == 200
    assert (await other.standard(5))["name"] == "Standard"


async def test_lists_are_filtered_sorted_and_paged(both):
    for shop in both:
        zone, profile = await shop.zone(), await shop.profile()
        other = await shop.profile("heavy")
        away = {"attribute": "is_return", "operator": "eq", "value": "true"}
        hidden = {"attribute": "enabled_in_store", "operator": "eq", "value": "false"}
        await shop.option(zone, profile, 5, name="Nord")
        await shop.option(zone, other, 5, name="Back", rules=[away])
        await shop.option(zone, profile, 5, name="Desk", rules=[hidden])

        async def found(query, path=OPTIONS, shop=shop):
            return [one["name"] for one in await listed(shop, f"{path}?{query}")]

        assert await found("order=name") == ["Back", "Desk", "Nord"]
        assert await found("order=-created_at&limit=1") == ["Desk"]
        assert await found("q=NOR") == ["Nord"]
        assert await found(f"shipping_profile_id={other['id']}") == ["Back"]
        assert await found("service_zone_id=serzo_none") == []
        assert await found("is_return=true") == ["Back"]
        assert await found("is_return=false") == ["Nord", "Desk"]
        assert await found("admin_only=true") == ["Desk"]
        assert await found("admin_only=false") == ["Nord", "Back"]
        assert await found("provider_id=manual_manual&offset=2") == ["Desk"]
        assert await found(f"type=heavy&id={other['id']}", PROFILES) == [other["name"]]
        assert await found("q=DEFAULT", PROFILES) == [profile["name"]]
        assert await found("type=pickup", SETS) == []


async def test_a_repeated_request_makes_one_of_each(both):
    for shop in both:
        zone, profile = await shop.zone(), await shop.profile()
        set_path = zone["path"].rpartition("/service-zones")[0]
        option = {
            "name": "Once",
            "service_zone_id": zone["id"],
            "shipping_profile_id": profile["id"],
            "prices": [{"currency_code": "eur", "amount": 1}],
        }
        for path, body in (
            (PROFILES, {"name": "Once", "type": "x"}),
            (SETS, {"name": "Once", "type": "shipping"}),
            (f"{set_path}/service-zones", {"name": "Once"}),
            (OPTIONS, option),
        ):
            key = str(uuid.uuid4())
            first, again = [
                await shop.send("POST", path, body, Idempotency_Key=key) for _ in range(2)
            ]
            assert first.status_code == 200, first.text
            assert first.json() == again.json()


async def test_each_act_leaves_an_event(both, admin):
    for shop in both:
        zone, profile = await shop.zone(), await shop.profile()
        option = await shop.option(zone, profile, 5)
        path = f"{OPTIONS}/{option['id']}"
        await shop.done("POST", path, {"name": "Other"})
        await shop.done("DELETE", path)
        await shop.done("DELETE", zone["path"])
        set_id = zone["path"].split("/")[3]

        for resource, number in (
            (f"shippingProfiles/{profile['id']}", 1),
            (f"fulfillmentSets/{set_id}", 1),
            (f"fulfillmentSets/{set_id}/serviceZones/{zone['id']}", 2),
            (f"shippingOptions/{option['id']}", 3),
        ):
            query = f"&resource=tenants/{shop.tenant}/{resource}"
            events = await arrived(admin, shop.tenant, query, number)
            assert [event["permission"] for event in events] == ["shipping:write"] * number


async def test_the_tenants_own_people_are_the_only_provider(both):
    for shop in both:
        found = await listed(shop, "/admin/fulfillment-providers")

        assert found == [{"id": "manual_manual", "is_enabled": True}]
