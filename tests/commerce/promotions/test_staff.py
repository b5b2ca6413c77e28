"""Promotions over HTTP: each tenant's staff set up their own."""

import uuid

import pytest

from services.kernel.call.names import new_id
from tests.commerce.promotions.conftest import Staff
from tests.gateway.admin.answers import refused
from tests.gateway.admin.conftest import enter, make_tenant, tenants  # noqa: F401  # fixtures
from tests.gateway.admin.test_events import arrived

METHOD = {"type": "percentage", "target_type": "order", "value": 10}
OF_ITEMS = {"type": "fixed", "target_type": "items", "value": 2.5, "currency_code": "eur"}
BUYGET = {
    "type": "percentage",
    "target_type": "items",
    "allocation": "each",
    "value": 100,
    "max_quantity": 2,
    "buy_rules_min_quantity": 2,
    "apply_to_quantity": 1,
    "buy_rules": [{"attribute": "items.product.id", "operator": "eq", "values": "prod_1"}],
}
RULE = {"attribute": "currency_code", "operator": "eq", "values": ["eur", "usd"]}


async def test_a_promotion_has_medusas_shape_and_is_its_own_tenants_alone(both):
    made = [
        await staff.promotion("Été 10", limit=5, rules=[RULE], application_method=METHOD)
        for staff in both
    ]

    for staff, own, foreign in zip(both, made, reversed(made), strict=True):
        [rule] = own["rules"]
        assert own | {"rules": []} == {
            "id": own["id"],
            "code": "Été 10",
            "type": "standard",
            "status": "active",
            "is_automatic": False,
            "is_tax_inclusive": False,
            "campaign_id": None,
            "limit": 5,
            "used": 0,
            "application_method": {
                **METHOD,
                "allocation": "across",
                "currency_code": None,
                "max_quantity": None,
                "buy_rules_min_quantity": None,
                "apply_to_quantity": None,
                "target_rules": [],
                "buy_rules": [],
            },
            "rules": [],
            "etag": '"1"',
            "created_at": own["created_at"],
            "updated_at": own["created_at"],
            "deleted_at": None,
        }
        values = [{"value": "eur"}, {"value": "usd"}]
        assert rule == {**RULE, "id": rule["id"], "values": values}
        assert await staff.done("GET", f"/promotions/{own['id']}") == own
        found = await staff.done("GET", "/promotions")
        assert (found["promotions"], found["count"]) == ([own], 1)
        path = f"/promotions/{foreign['id']}"
        for method, at, body in (
            ("GET", path, None),
            ("POST", path, {"status": "draft"}),
            ("DELETE", path, None),
            ("POST", f"{path}/rules/batch", {"create": [RULE]}),
        ):
            refused(await staff.send(method, at, body), 404, "PROMOTION_NOT_FOUND")
        assert (await staff.done("GET", f"/promotions?id={foreign['id']}"))["count"] == 0
    for staff, own in zip(both, made, strict=True):
        assert await staff.done("GET", f"/promotions/{own['id']}") == own


@pytest.mark.parametrize("spelling", ["SAME-é", " same-É ", "Same-e\u0301"])
async def test_no_two_promotions_of_a_tenant_have_one_code(both, spelling):
    for staff in both:
        first = await staff.promotion("Same-é")
        other = await staff.promotion("Other")

        body = {"code": spelling, "type": "standard", "application_method": METHOD}
        refused(await staff.send("POST", "/promotions", body), 409, "CODE_TAKEN")
        answer = await staff.send("POST", f"/promotions/{other['id']}", {"code": spelling})
        refused(answer, 409, "CODE_TAKEN")
        found = await staff.done("GET", "/promotions?order=code")
        assert found["promotions"] == [other, first]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": " "}, "code"),
        ({"code": "a\u200eb"}, "code"),
        ({"code": "x" * 101}, "code"),
        ({"limit": 5, "is_automatic": True}, "limit"),
        ({"limit": 0}, "limit"),
        ({"type": "gift"}, "type"),
        ({"campaign": {}}, "campaign"),
        ({"application_method": METHOD | {"value": 0}}, "value"),
        ({"application_method": METHOD | {"value": -1}}, "value"),
        ({"application_method": METHOD | {"value": 100.1}}, "value"),
        ({"application_method": METHOD | {"value": 0.00001}}, "value"),
        ({"application_method": METHOD | {"value": "10"}}, "value"),
        ({"application_method": METHOD | {"allocation": "once", "max_quantity": 1}}, "allocation"),
        ({"application_method": METHOD | {"max_quantity": 1}}, "max_quantity"),
        ({"application_method": METHOD | {"apply_to_quantity": 1}}, "apply_to_quantity"),
        ({"application_method": OF_ITEMS}, "allocation"),
        ({"application_method": OF_ITEMS | {"allocation": "each"}}, "max_quantity"),
        ({"application_method": OF_ITEMS | {"allocation": "across", "value": 1.001}}, "value"),
        ({"application_method": METHOD | {"type": "fixed"}}, "currency_code"),
        ({"application_method": METHOD | {"type": "fixed", "currency_code": "xxx"}}, "currency"),
        (
            {
                "application_method": METHOD
                | {"target_type": "shipping_methods", "allocation": "across"}
                | {"target_rules": BUYGET["buy_rules"]}
            },
            "target_rules",
        ),
        ({"type": "buyget", "application_method": METHOD}, "buy_rules"),
        ({"type": "buyget", "application_method": BUYGET | {"target_type": "order"}}, "target"),
        ({"type": "buyget", "application_method": BUYGET | {"apply_to_quantity": 3}}, "max_q"),
        ({"rules": [RULE | {"attribute": "items.product.id"}]}, "rules[0].attribute"),
        ({"rules": [RULE | {"operator": "like"}]}, "operator"),
        ({"rules": [RULE | {"values": []}]}, "values"),
        ({"rules": [RULE | {"values": [""]}]}, "values"),
        ({"rules": [RULE | {"attribute": "item_total", "operator": "gt"}]}, "values"),
        ({"rules": [RULE] * 21}, "rules"),
    ],
)
async def test_a_promotion_that_cannot_be_is_refused_by_field(both, change, field):
    for staff in both:
        body = {"code": "X", "type": "standard", "application_method": METHOD, **change}

        error = refused(await staff.send("POST", "/promotions", body), 400)

        assert any(field in name for name in error["details"]["violations"]), error
        assert (await staff.done("GET", "/promotions"))["count"] == 0


async def test_an_update_keeps_the_rest_and_refuses_a_stale_version(both):
    for staff in both:
        made = await staff.promotion("Sets", type="buyget", application_method=BUYGET)
        path = f"/promotions/{made['id']}"

        change = {"status": "inactive", "application_method": {"value": 50.5}}
        changed = await staff.done("POST", path, change)
        again = await staff.done("POST", path, change)
        stale = await staff.send("POST", path, {"code": "Y"}, If_Match=made["etag"])
        half = await staff.send("POST", path, {"application_method": {"max_quantity": None}})
        gone = await staff.send("DELETE", path, If_Match=made["etag"])

        method = made["application_method"] | {"value": 50.5}
        assert changed["application_method"] == method
        assert changed == made | {
            "status": "inactive",
            "application_method": method,
            "etag": '"2"',
            "updated_at": changed["updated_at"],
        }
        assert again == changed
        refused(stale, 409, "ETAG_MISMATCH")
        refused(half, 400, "FIELD_INVALID")
        refused(gone, 409, "ETAG_MISMATCH")
        answer = await staff.send("DELETE", path)
        assert answer.json() == {"id": made["id"], "object": "promotion", "deleted": True}
        refused(await staff.send("GET", path), 404, "PROMOTION_NOT_FOUND")


async def test_rules_are_changed_all_or_none(both):
    for staff in both:
        made = await staff.promotion("Ruled", rules=[RULE])
        [first] = made["rules"]
        path = f"/promotions/{made['id']}"

        done = await staff.done(
            "POST",
            f"{path}/rules/batch",
            {"create": [RULE], "update": [{"id": first["id"], "values": "tnd"}]},
        )
        bad = {"delete": [first["id"], "prorul_1"]}
        refused(await staff.send("POST", f"{path}/rules/batch", bad), 404, "RULE_NOT_FOUND")
        wrong = {"create": [RULE]}
        refused(await staff.send("POST", f"{path}/target-rules/batch", wrong), 400)
        refused(await staff.send("POST", f"{path}/other/batch", wrong), 400)
        nothing = await staff.done("POST", f"{path}/rules/batch", {})

        assert [rule["values"] for rule in done["updated"]] == [[{"value": "tnd"}]]
        rules = (await staff.done("GET", path))["rules"]
        assert rules == [*done["updated"], *done["created"]]
        assert nothing == {
            "created": [],
            "updated": [],
            "deleted": {"ids": [], "object": "promotion-rule", "deleted": True},
        }
        done = await staff.done("POST", f"{path}/rules/batch", {"delete": [first["id"]]})
        assert done["deleted"]["ids"] == [first["id"]]
        assert (await staff.done("GET", path))["rules"] == rules[1:]


async def test_promotions_are_filtered_sorted_and_paged(both):
    for staff in both:
        campaign = await staff.campaign("spring")
        made = [await staff.promotion(code) for code in ("B-Deux", "A-un", "C-TROIS")]
        body = {"add": [made[0]["id"], made[1]["id"]]}
        await staff.done("POST", f"/campaigns/{campaign['id']}/promotions", body)

        async def found(query, staff=staff):
            page = await staff.done("GET", f"/promotions{query}")
            return [promotion["code"] for promotion in page["promotions"]]

        assert await found("") == ["B-Deux", "A-un", "C-TROIS"]
        assert await found("?order=code&limit=2") == ["A-un", "B-Deux"]
        assert await found("?order=-code&offset=1") == ["B-Deux", "A-un"]
        assert await found("?q=TROI") == ["C-TROIS"]
        assert await found("?q=%25") == []
        assert await found("?code=a-UN") == ["A-un"]
        assert await found(f"?campaign_id={campaign['id']}&order=id") == ["B-Deux", "A-un"]


async def test_a_repeated_request_makes_one_promotion(both):
    key = str(uuid.uuid4())
    body = {"code": "Once", "type": "standard", "application_method": METHOD}
    for staff in both:
        first, again = [
            await staff.send("POST", "/promotions", body, Idempotency_Key=key) for _ in range(2)
        ]

        assert first.json() == again.json()
        assert (await staff.done("GET", "/promotions"))["count"] == 1


async def test_a_tenant_has_a_hundred_active_promotions_without_a_code_at_most(both, rows):
    full, other = both
    for number in range(100):
        await rows.promotion(full.tenant, f"A{number}", 1, is_automatic=True)
    draft = await full.promotion("Draft", is_automatic=True, status="draft")

    body = {
        "code": "More",
        "type": "standard",
        "status": "active",
        "is_automatic": True,
        "application_method": METHOD,
    }
    refused(await full.send("POST", "/promotions", body), 400, "PROMOTIONS_FULL")
    answer = await full.send("POST", f"/promotions/{draft['id']}", {"status": "active"})
    refused(answer, 400, "PROMOTIONS_FULL")

    assert await other.promotion("Room", is_automatic=True)


async def test_each_act_leaves_an_event_with_what_changed(both, admin):
    for staff in both:
        made = await staff.promotion("Told")
        path = f"/promotions/{made['id']}"
        await staff.done("POST", path, {"status": "draft"})
        await staff.done("POST", f"{path}/rules/batch", {"create": [RULE]})
        await staff.send("DELETE", path)

        resource = f"tenants/{staff.tenant}/promotions/{made['id']}"
        events = await arrived(admin, staff.tenant, f"&resource={resource}", 4)
        assert [event["permission"] for event in events] == ["promotion:write"] * 4


async def test_only_whoever_runs_a_tenant_sets_up_its_promotions(both, enter):  # noqa: F811
    paris, lyon = both
    body = {"code": "Mine", "type": "standard", "application_method": METHOD}
    for role in ("CatalogMgr", "OrderOps"):
        _, client = await enter((role, paris.tenant))
        staff = Staff(paris.tenant, client)
        for path in ("/promotions", "/campaigns"):
            refused(await staff.send("GET", path), 403, "PERMISSION_MISSING")
        refused(await staff.send("POST", "/promotions", body), 403, "PERMISSION_MISSING")
    answer = await paris.send("POST", "/promotions", body, X_Tenant_ID=lyon.tenant)
    refused(answer, 404, "TENANT_NOT_FOUND")


async def test_an_unknown_campaign_is_refused(both):
    for staff, other in zip(both, reversed(both), strict=True):
        foreign = await other.campaign(f"of-{other.tenant}")
        for id_ in (foreign["id"], new_id("procamp")):
            body = {"code": "X", "type": "standard", "application_method": METHOD}
            answer = await staff.send("POST", "/promotions", {**body, "campaign_id": id_})
            refused(answer, 404, "CAMPAIGN_NOT_FOUND")
