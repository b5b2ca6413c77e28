"""Campaigns over HTTP: each tenant's staff set up their own."""

import pytest

from tests.gateway.admin.answers import refused

SPEND = {"type": "spend", "limit": 100.5, "currency_code": "eur"}


async def test_a_campaign_has_medusas_shape_and_is_its_own_tenants_alone(both):
    window = {"starts_at": "2026-05-01T00:00:00Z", "ends_at": "2026-06-01T00:00:00Z"}
    made = [await staff.campaign("spring", budget=SPEND, **window) for staff in both]

    for staff, own, foreign in zip(both, made, reversed(made), strict=True):
        assert own == {
            "id": own["id"],
            "name": "Spring",
            "campaign_identifier": "spring",
            "description": None,
            "starts_at": "2026-05-01T00:00:00.000Z",
            "ends_at": "2026-06-01T00:00:00.000Z",
            "budget": {**SPEND, "used": 0, "attribute": None},
            "etag": '"1"',
            "created_at": own["created_at"],
            "updated_at": own["created_at"],
            "deleted_at": None,
        }
        assert await staff.done("GET", f"/campaigns/{own['id']}") == own
        assert (await staff.done("GET", "/campaigns?q=SPRI"))["campaigns"] == [own]
        path = f"/campaigns/{foreign['id']}"
        for method, at, body in (
            ("GET", path, None),
            ("POST", path, {"name": "Mine"}),
            ("DELETE", path, None),
            ("POST", f"{path}/promotions", {"add": []}),
        ):
            refused(await staff.send(method, at, body), 404, "CAMPAIGN_NOT_FOUND")
        taken = {"name": "Other", "campaign_identifier": "spring"}
        refused(await staff.send("POST", "/campaigns", taken), 409, "CAMPAIGN_EXISTS")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"campaign_identifier": ""}, "campaign_identifier"),
        ({"starts_at": "2026-05-01T00:00:00Z", "ends_at": "2026-05-01T00:00:00Z"}, "ends_at"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"budget": SPEND | {"currency_code": None}}, "currency_code"),
        ({"budget": SPEND | {"limit": 0.001}}, "limit"),
        ({"budget": SPEND | {"limit": 0}}, "limit"),
        ({"budget": SPEND | {"attribute": "customer_id"}}, "attribute"),
        ({"budget": {"type": "usage", "limit": 1.5}}, "limit"),
        ({"budget": {"type": "usage", "currency_code": "eur"}}, "currency_code"),
        ({"budget": {"type": "use_by_attribute", "attribute": "shoe_size"}}, "attribute"),
        ({"budget": {"type": "use_by_attribute"}}, "attribute"),
        ({"budget": {"limit": 1}}, "type"),
    ],
)
async def test_a_campaign_that_cannot_be_is_refused_by_field(both, change, field):
    for staff in both:
        body = {"name": "Spring", "campaign_identifier": "spring", **change}

        error = refused(await staff.send("POST", "/campaigns", body), 400)

        assert any(field in name for name in error["details"]["violations"]), error
        assert (await staff.done("GET", "/campaigns"))["count"] == 0


async def test_promotions_are_moved_into_a_campaign_and_out_all_or_none(both):
    for staff, other in zip(both, reversed(both), strict=True):
        first, second = [await staff.campaign(name) for name in ("first", "second")]
        ids = [(await staff.promotion(code))["id"] for code in ("A", "B")]
        foreign = (await other.promotion(f"Of-{other.tenant}"))["id"]
        path = f"/campaigns/{first['id']}"

        async def campaigns(staff=staff, ids=ids):
            found = [await staff.done("GET", f"/promotions/{id_}") for id_ in ids]
            return [promotion["campaign_id"] for promotion in found]

        wrong = await staff.send("POST", f"{path}/promotions", {"add": [ids[0], foreign]})
        refused(wrong, 404, "PROMOTION_NOT_FOUND")
        assert await campaigns() == [None, None]
        assert await staff.done("POST", f"{path}/promotions", {"add": ids}) == first
        await staff.done("POST", f"/campaigns/{second['id']}/promotions", {"add": ids[:1]})
        assert await campaigns() == [second["id"], first["id"]]
        refused(await staff.send("DELETE", path), 400, "CAMPAIGN_IN_USE")
        await staff.done("POST", f"{path}/promotions", {"remove": ids})
        assert await campaigns() == [second["id"], None]
        answer = await staff.send("DELETE", path)
        assert answer.json() == {"id": first["id"], "object": "campaign", "deleted": True}


async def test_a_budgets_kind_is_fixed_once_something_was_counted(both, rows):
    for staff in both:
        made = await staff.campaign("spring", budget=SPEND)
        path = f"/campaigns/{made['id']}"
        usage = {"type": "usage", "limit": 5, "currency_code": None}
        assert (await staff.done("POST", path, {"budget": usage}))["budget"]["limit"] == 5
        await staff.done("POST", path, {"budget": SPEND})
        await rows.connection.execute(
            "INSERT INTO promotion_use VALUES ($1, $2, '', 250)", staff.tenant, made["id"]
        )

        refused(await staff.send("POST", path, {"budget": usage}), 400, "BUDGET_USED")
        refused(await staff.send("POST", path, {"budget": None}), 400, "BUDGET_USED")
        more = await staff.done("POST", path, {"budget": {"limit": 500}, "ends_at": None})

        assert more["budget"] == {**SPEND, "limit": 500, "used": 2.5, "attribute": None}
