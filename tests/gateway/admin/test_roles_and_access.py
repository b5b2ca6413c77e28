"""Users, roles, access grants and explanations over HTTP, by admins who are logged in."""

import asyncio

import pytest

from tests.gateway.admin.answers import one, page, refused


async def handed(enter, paris, lyon):
    """Gives somebody of lyon a role at paris too: who gave it, who has it, and what was given."""
    _, boss = await enter(("TenantAdmin", paris), ("GlobalAdmin", None))
    hand, theirs = await enter(("OrderOps", lyon))
    body = {"user_id": hand, "role": "TenantAdmin", "reason": "a test"}
    given = one(await boss.post(f"/admin/tenants/{paris}/assignments", json=body), "assignment")
    return boss, theirs, given


async def test_a_platform_admin_needs_an_access_grant_to_read_a_tenant(tenants, enter):
    paris, lyon = await tenants()
    above, theirs = await enter(("GlobalAdmin", None))
    _, boss = await enter(("TenantAdmin", paris))
    for tenant in (paris, lyon):
        assert (await theirs.get(f"/admin/tenants/{tenant}")).status_code == 200
        closed = await theirs.get(f"/admin/tenants/{tenant}/products")
        refused(closed, 403, "ACCESS_GRANT_NEEDED")

    body = {"reason": "a complaint", "minutes": 5}
    made = await theirs.post(f"/admin/tenants/{paris}/access-grants", json=body)

    opened = one(made, "access_grant")
    assert (opened["user_id"], opened["tenant_id"], opened["reason"]) == (
        above,
        paris,
        "a complaint",
    )
    assert (await theirs.get(f"/admin/tenants/{paris}/products")).status_code == 200
    refused(await theirs.get(f"/admin/tenants/{lyon}/products"), 403, "ACCESS_GRANT_NEEDED")
    seen = page(await boss.get(f"/admin/tenants/{paris}/access-grants"), "access_grants")
    assert seen == [opened]
    refused(
        await boss.post(f"/admin/tenants/{paris}/access-grants", json=body),
        403,
        "PERMISSION_MISSING",
    )
    refused(
        await theirs.post(
            f"/admin/tenants/{lyon}/access-grants", json={"reason": "x", "minutes": 16}
        ),
        400,
        "ACCESS_GRANT_INVALID",
    )


async def test_an_access_grant_that_is_ended_closes_the_tenant_within_a_second(tenants, enter):
    paris, lyon = await tenants()
    above, theirs = await enter(("GlobalAdmin", None))
    _, boss = await enter(("TenantAdmin", paris))
    _, other = await enter(("GlobalAdmin", None))
    body = {"reason": "a complaint", "minutes": 5}
    opened = {}
    for tenant in (paris, lyon):
        made = await theirs.post(f"/admin/tenants/{tenant}/access-grants", json=body)
        opened[tenant] = one(made, "access_grant")["id"]
        assert (await theirs.get(f"/admin/tenants/{tenant}/products")).status_code == 200

    path = f"/admin/tenants/{paris}/access-grants/{opened[paris]}"
    refused(await boss.delete(path), 403, "PERMISSION_MISSING")
    elsewhere = f"/admin/tenants/{paris}/access-grants/{opened[lyon]}"
    refused(await other.delete(elsewhere), 404, "ACCESS_GRANT_NOT_FOUND")
    assert (await other.delete(path)).json()["deleted"]

    async with asyncio.timeout(1.5):
        while (await theirs.get(f"/admin/tenants/{paris}/products")).status_code != 403:
            await asyncio.sleep(0.05)
    assert (await theirs.get(f"/admin/tenants/{lyon}/products")).status_code == 200
    (seen,) = page(await boss.get(f"/admin/tenants/{paris}/access-grants"), "access_grants")
    assert (seen["user_id"], bool(seen["ended_at"])) == (above, True)
    assert seen["ended_by"].startswith("admins/")


async def test_an_admin_of_one_tenant_reads_themself_on_the_platforms_own_host(tenants, enter):
    paris, lyon = await tenants()
    for tenant in (paris, lyon):
        admin, theirs = await enter(("OrderOps", tenant))

        assert one(await theirs.get("/admin/users/me"), "user")["id"] == admin


async def test_an_admin_reads_which_roles_they_hold_where_and_nobody_elses(tenants, enter):
    paris, lyon = await tenants()
    boss, theirs, given = await handed(enter, paris, lyon)
    _, above = await enter(("GlobalAdmin", None))
    path = "/admin/users/me/assignments"

    async def held(client):
        return [(a["tenant_id"], a["role"]) for a in page(await client.get(path), "assignments")]

    assert await held(theirs) == [(paris, "TenantAdmin"), (lyon, "OrderOps")]
    assert sorted(await held(boss), key=str) == [(paris, "TenantAdmin"), (None, "GlobalAdmin")]
    assert await held(above) == [(None, "GlobalAdmin")]
    second = await theirs.get(path, params={"limit": 1, "offset": 1})
    assert [a["tenant_id"] for a in second.json()["assignments"]] == [lyon]
    assert second.json()["count"] == 2
    await boss.delete(f"/admin/tenants/{paris}/assignments/{given['id']}")
    assert await held(theirs) == [(lyon, "OrderOps")]
    refused(await theirs.get(path, headers={"Authorization": "x"}), 401, "UNAUTHENTICATED")


async def test_an_id_of_a_stranger_gets_the_same_answer_as_an_unknown_one(tenants, enter):
    paris, lyon = await tenants()
    _, boss = await enter(("TenantAdmin", paris))
    stranger, _ = await enter(("TenantAdmin", lyon))

    answers = []
    for user, dry in ((one_, dry) for one_ in (stranger, "user_nobody") for dry in (False, True)):
        body = {"user_id": user, "role": "OrderOps", "reason": "a test", "validate_only": dry}
        answer = await boss.post(f"/admin/tenants/{paris}/assignments", json=body)
        refused(answer, 404, "ADMIN_NOT_FOUND")
        answers.append(answer.json()["message"].replace(user, "…"))

    assert len(set(answers)) == 1
    users = page(await boss.get(f"/admin/tenants/{paris}/users"), "users")
    assert stranger not in [user["id"] for user in users]


async def test_a_refusal_names_the_permissions_that_cannot_be_assigned(tenants, enter):
    paris, lyon = await tenants()
    _, boss = await enter(("TenantAdmin", paris))
    body = {"email": "bob@example.org", "role": "CatalogMgr", "reason": "a test"}

    answer = await boss.post(f"/admin/tenants/{paris}/invites", json=body)
    elsewhere = await boss.post(f"/admin/tenants/{lyon}/invites", json=body)

    refused(answer, 403, "GRANT_EXCEEDS")
    lacking = "category:write, collection:write, product:write"
    assert answer.json()["details"] == {"permissions": lacking}
    refused(elsewhere, 404, "TENANT_NOT_FOUND")


@pytest.mark.parametrize("what", ["domains", "roles"])
async def test_a_list_without_pages_reports_the_largest_size_as_its_limit(tenants, enter, what):
    paris, lyon = await tenants()
    _, boss = await enter(("TenantAdmin", paris), ("TenantAdmin", lyon))

    for tenant in (paris, lyon):
        answer = (await boss.get(f"/admin/tenants/{tenant}/{what}")).json()

        assert (answer["offset"], answer["limit"]) == (0, 200)
        assert answer["count"] == len(answer[what]) < 200


async def test_users_are_made_listed_changed_and_deactivated(admin, tenants, enter, unique):
    paris, lyon = await tenants()
    email = f"{unique}@paris.example"
    made = one(await admin.post("/admin/users", json={"email": email}), "user")
    path = f"/admin/users/{made['id']}"

    assert page(await admin.get("/admin/users", params={"email": email}), "users") == [made]
    changed = one(await admin.post(path, json={"first_name": "Ada"}), "user")
    assert changed["first_name"] == "Ada"
    assert one(await admin.get(path), "user") == changed
    assert (await admin.delete(path)).json() == {
        "id": made["id"], "object": "user", "deleted": True, "effects": []
    }  # fmt: skip
    assert one(await admin.get(path), "user")["deactivated_at"]
    for _ in range(2):
        answer = await admin.post(f"{path}/activate")
        assert (answer.status_code, answer.json()["effects"]) == (200, [])
        active = answer.json()["user"]
        assert (active["id"], active["deactivated_at"]) == (made["id"], None)
    boss, theirs = await enter(("TenantAdmin", paris))
    refused(await theirs.post(f"{path}/activate"), 403, "PERMISSION_MISSING")
    users = page(await theirs.get(f"/admin/tenants/{paris}/users"), "users")
    assert {u["id"]: u["roles"] for u in users}[boss] == ["TenantAdmin"]
    refused(await theirs.get("/admin/users"), 403, "PERMISSION_MISSING")
    refused(await theirs.get(f"/admin/tenants/{lyon}/users"), 404, "TENANT_NOT_FOUND")


async def test_validate_only_previews_the_effects_of_an_assignment(admin, tenants, enter):
    paris, lyon = await tenants()
    hand, _ = await enter()
    body = {"user_id": hand, "role": "OrderOps", "reason": "a test", "validate_only": True}

    preview = one(await admin.post(f"/admin/tenants/{paris}/assignments", json=body), "assignment")

    assert preview["effects"] == [
        {
            "user_id": hand,
            "tenant_id": paris,
            "gained": [
                "customer:read",
                "listing:read",
                "order:read",
                "payment:read",
                "product:read",
                "region:read",
                "stock:read",
                "tenant:read",
            ],
            "lost": [],
        }
    ]
    for tenant in (paris, lyon):
        listed = await admin.get(f"/admin/tenants/{tenant}/assignments", params={"user_id": hand})
        assert page(listed, "assignments") == []


async def test_a_tenant_makes_a_role_of_its_own(tenants, enter):
    paris, lyon = await tenants()
    _, boss = await enter(("TenantAdmin", paris))
    body = {"display_name": "Shop window", "permissions": ["listing:read", "listing:write"]}
    made = one(await boss.post(f"/admin/tenants/{paris}/roles", json=body), "role")
    path = f"/admin/tenants/{paris}/roles/{made['id']}"

    changed = await boss.patch(
        path, json={"permissions": ["listing:read"]}, headers={"If-Match": made["etag"]}
    )
    assert one(changed, "role")["policies"][0]["permissions"] == ["listing:read"]
    stale = await boss.patch(path, json={"description": "x"}, headers={"If-Match": made["etag"]})
    refused(stale, 409, "ETAG_MISMATCH")
    listed = page(await boss.get(f"/admin/tenants/{paris}/roles"), "roles")
    assert [role["id"] for role in listed][-1] == made["id"]
    assert len(listed) == 5
    more = {"display_name": "More", "permissions": ["product:write"]}
    refused(await boss.post(f"/admin/tenants/{paris}/roles", json=more), 403, "ROLE_EXCEEDS")
    wordy = {**body, "description": "x" * 501}
    error = refused(
        await boss.post(f"/admin/tenants/{paris}/roles", json=wordy), 400, "FIELD_INVALID"
    )
    assert error["details"]["violations"] == {"description": "must have at most 500 characters"}
    assert (await boss.delete(path)).status_code == 200
    refused(await boss.get(f"/admin/tenants/{lyon}/roles"), 404, "TENANT_NOT_FOUND")


async def test_an_explanation_says_why_and_who(tenants, enter):
    paris, lyon = await tenants()
    boss, theirs = await enter(("TenantAdmin", paris))
    ask = {"permission": "domain:write", "tenant": paris}

    answer = await theirs.get("/admin/access/explain", params={**ask, "admin": boss})
    (explanation,) = answer.json()["explanations"]
    assert explanation["allowed"]
    assert [reason["verdict"] for reason in explanation["reasons"]] == ["COUNTS"]
    who = (await theirs.get("/admin/access/explain", params=ask)).json()["explanations"]
    assert boss in {one_["user"]["id"] for one_ in who}
    other = await theirs.get("/admin/access/explain", params={**ask, "tenant": lyon})
    refused(other, 404, "TENANT_NOT_FOUND")
    refused(await theirs.get("/admin/access/explain", params={"permission": "tenant:list"}), 403)


async def test_validate_only_previews_a_deactivation(admin, tenants, enter):
    paris, lyon = await tenants()
    hand, theirs = await enter(("OrderOps", paris))
    await enter(("OrderOps", lyon))
    path, asking = f"/admin/users/{hand}", {"validate_only": "true"}
    held = [
        "customer:read",
        "listing:read",
        "order:read",
        "payment:read",
        "product:read",
        "region:read",
        "stock:read",
        "tenant:read",
    ]

    preview = (await admin.delete(path, params=asking)).json()

    lost = {"user_id": hand, "tenant_id": paris, "gained": [], "lost": held}
    assert preview == {"id": hand, "object": "user", "deleted": False, "effects": [lost]}
    assert (await theirs.get(f"/admin/tenants/{paris}")).status_code == 200
    assert (await admin.delete(path)).json() == preview | {"deleted": True}
    preview = (await admin.post(f"{path}/activate", params=asking)).json()
    assert preview["effects"] == [lost | {"gained": held, "lost": []}]
    assert preview["user"]["deactivated_at"]
    refused(await admin.delete(path, params={"validate_only": "maybe"}), 400, "QUERY_INVALID")


async def test_validate_only_previews_an_update_of_a_role(tenants, enter):
    paris, lyon = await tenants()
    _, boss = await enter(("TenantAdmin", paris), ("TenantAdmin", lyon), ("GlobalAdmin", None))
    hand, _ = await enter()
    roles = f"/admin/tenants/{paris}/roles"
    body = {"display_name": "Looking", "permissions": ["listing:read"]}
    role = one(await boss.post(roles, json=body), "role")
    given = {"user_id": hand, "role": role["id"], "reason": "a test"}
    one(await boss.post(f"/admin/tenants/{paris}/assignments", json=given), "assignment")
    change, path = {"permissions": ["domain:read"]}, f"{roles}/{role['id']}"

    preview = one(await boss.patch(path, json=change | {"validate_only": True}), "role")

    lost = {"user_id": hand, "tenant_id": paris}
    assert preview["effects"] == [lost | {"gained": ["domain:read"], "lost": ["listing:read"]}]
    assert one(await boss.get(path), "role") == role
    assert one(await boss.patch(path, json=change), "role")["effects"] == preview["effects"]
    assert one(await boss.get(path), "role")["policies"][0]["permissions"] == ["domain:read"]
    elsewhere = f"/admin/tenants/{lyon}/roles/{role['id']}"
    refused(await boss.patch(elsewhere, json=change), 404, "ROLE_NOT_FOUND")
