"""API keys in Medusa's shape over HTTP: those of the request's tenant, and no other's."""

import uuid

import pytest
import pytest_asyncio

from tests.gateway.admin.answers import one, page, refused

KEYS = "/admin/api-keys"
# What a TenantAdmin holds, but for what only people may do.
OF_A_TENANT_ADMINS_KEY = [
    *("category:read", "collection:read", "customer:read", "customer:write", "domain:read"),
    *("domain:write", "event:read", "file:read", "file:write", "listing:read"),
    *(
        "listing:write",
        "order:read",
        "payment:read",
        "pricelist:read",
        "pricelist:write",
        "product:read",
    ),
    *("promotion:read", "promotion:write", "region:read", "region:write"),
    *("shipping:read", "shipping:write"),
    *("stock:read", "stock:write", "storefront:read", "tax:read", "tax:write"),
    *("tenant:read", "tenant:write"),
]


@pytest_asyncio.fixture
async def at(enter, tenants):
    """Two tenants of the test's own, each with its admin's way to ask for keys there."""
    ways = []
    for tenant in await tenants():
        _, client = await enter(("TenantAdmin", tenant))

        async def ask(method, path="", client=client, tenant=tenant, **options):
            headers = {"X-Tenant-ID": tenant, **options.pop("headers", {})}
            return await client.request(method, f"{KEYS}{path}", headers=headers, **options)

        ways.append((tenant, ask))
    return ways


async def make(ask, kind="publishable", title="Shop", **more):
    return one(await ask("POST", json={"title": title, "type": kind, **more}), "api_key")


async def test_a_key_lives_in_medusas_shape_until_it_is_deleted(at):
    (_, ask), _ = at
    made = await make(ask, "secret", "ERP")
    path = f"/{made['id']}"
    assert made["token"].startswith("souk_live_")
    assert made["redacted"] == made["token"][: len(made["redacted"]) - 3] + "***"
    assert made["created_by"].startswith("user_")
    assert (made["sales_channels"], made["revoked_at"], made["revoked_by"]) == ([], None, None)

    renamed = one(await ask("POST", path, json={"title": "ERP 2"}), "api_key")
    assert (renamed["title"], renamed["token"]) == ("ERP 2", made["redacted"])
    assert renamed["updated_at"] > made["updated_at"] == made["created_at"]
    live = await ask("DELETE", path)
    refused(live, 400, "KEY_NOT_REVOKED")
    revoked = one(await ask("POST", f"{path}/revoke", json={}), "api_key")
    assert revoked["revoked_by"] == made["created_by"]
    assert revoked["updated_at"] == revoked["revoked_at"]
    assert page(await ask("GET"), "api_keys") == [revoked]
    gone = await ask("DELETE", path)

    assert gone.json() == {"id": made["id"], "object": "api_key", "deleted": True}
    assert "x-audit-event" in gone.headers
    assert page(await ask("GET"), "api_keys") == []
    refused(await ask("GET", path), 404, "KEY_NOT_FOUND")
    refused(await ask("DELETE", path), 404, "KEY_NOT_FOUND")


async def test_no_key_is_reached_from_another_tenant(at):
    (paris, ask), (lyon, ask_lyon) = at
    made = await make(ask)
    path = f"/{made['id']}"

    for method, more, body in (
        ("GET", "", None),
        ("POST", "", {"title": "Stolen"}),
        ("POST", "/revoke", {}),
        ("DELETE", "", None),
        ("POST", "/sales-channels", {"add": [f"sc_{lyon}"]}),
    ):
        answer = await ask_lyon(method, path + more, json=body)
        refused(answer, 404, "KEY_NOT_FOUND")
    assert page(await ask_lyon("GET"), "api_keys") == []
    assert page(await ask_lyon("GET", f"?id={made['id']}"), "api_keys") == []
    refused(await ask_lyon("GET", headers={"X-Tenant-ID": paris}), 404, "TENANT_NOT_FOUND")
    [key] = page(await ask("GET"), "api_keys")
    assert (key["title"], key["revoked_at"]) == ("Shop", None)


async def test_a_secret_key_without_permissions_may_do_what_its_maker_may(at, http):
    (paris, ask), (lyon, _) = at
    made = await make(ask, "secret")
    headers = {"Authorization": f"Bearer {made['token']}"}

    assert made["permissions"] == OF_A_TENANT_ADMINS_KEY
    answer = await http.get(f"/admin/tenants/{paris}/products", headers=headers)
    assert page(answer, "products") == []
    answer = await http.get(f"/admin/tenants/{lyon}/products", headers=headers)
    refused(answer, 404, "TENANT_NOT_FOUND")


async def test_chosen_permissions_are_the_only_ones(at):
    (_, ask), _ = at

    made = await make(ask, "secret", permissions=["listing:read"])

    assert made["permissions"] == ["listing:read"]
    none = await ask("POST", json={"title": "ERP", "type": "secret", "permissions": []})
    refused(none, 400, "KEY_INVALID")


async def test_a_repeat_shows_the_key_without_its_token(at):
    (_, ask), _ = at
    options = {
        "json": {"title": "ERP", "type": "secret"},
        "headers": {"Idempotency-Key": str(uuid.uuid4())},
    }

    first, again = [one(await ask("POST", **options), "api_key") for _ in range(2)]

    assert again == first | {"token": first["redacted"]}


async def test_keys_are_found_by_their_words_types_and_times(at):
    (_, ask), (_, ask_lyon) = at
    secret = await make(ask, "secret", "Test Secret Key")
    shop = await make(ask, title="Test Publishable Key")
    await make(ask_lyon, title="Test Secret Key")
    await ask("POST", f"/{shop['id']}/revoke", json={})

    async def titles(query):
        return [key["title"].split()[1] for key in page(await ask("GET", query), "api_keys")]

    assert await titles("") == ["Publishable", "Secret"]
    assert await titles("?q=secret") == ["Secret"]
    assert await titles("?q=Publish") == ["Publishable"]
    assert await titles("?type=secret") == ["Secret"]
    assert await titles("?title=Test%20Secret%20Key") == ["Secret"]
    assert await titles(f"?id={secret['id']},x") == ["Secret"]
    assert await titles("?order=created_at") == ["Secret", "Publishable"]
    assert await titles("?order=-title") == ["Secret", "Publishable"]
    assert await titles("?order=title&limit=1&offset=1") == ["Secret"]
    assert await titles("?revoked_at[$gt]=2020-01-01T00:00:00Z") == ["Publishable"]
    assert await titles("?created_at[$lt]=2020-01-01T00:00:00Z") == []


async def test_a_publishable_key_has_its_tenants_channel_and_no_other(at, enter):
    (paris, ask), (lyon, _) = at
    made = await make(ask)
    path, own = f"/{made['id']}/sales-channels", {"id": f"sc_{paris}", "name": "A test's own"}
    assert made["token"].startswith("pk_")
    assert made["sales_channels"] == [own]

    same = one(await ask("POST", path, json={"add": [own["id"]]}), "api_key")
    assert same["sales_channels"] == [own]
    _, client = await enter(("TenantAdmin", paris), ("TenantAdmin", lyon))
    for body in ({"add": [f"sc_{lyon}"]}, {"remove": [own["id"]]}):
        answer = await client.post(KEYS + path, json=body, headers={"X-Tenant-ID": paris})
        error = refused(answer, 400, "KEY_BOUND")
        assert own["id"] in error["message"]


@pytest.mark.parametrize("channel", ["phony", "sc_", "sc_Paris", "tenants/{paris}", "{paris}"])
async def test_a_key_gets_no_channel_that_there_is_not(at, channel):
    (paris, ask), (lyon, _) = at
    path = f"/{(await make(ask))['id']}/sales-channels"
    channel = channel.format(paris=paris)

    for body in ({"add": [channel]}, {"remove": [channel]}):
        error = refused(await ask("POST", path, json=body), 404, "TENANT_NOT_FOUND")
        assert error["message"] == f"No such sales channel: {channel}"
    for unseen in (f"sc_{lyon}", "sc_nobodys"):
        refused(await ask("POST", path, json={"add": [unseen]}), 404, "TENANT_NOT_FOUND")


async def test_a_secret_key_has_no_channel(at):
    (paris, ask), _ = at
    made = await make(ask, "secret")

    answer = await ask("POST", f"/{made['id']}/sales-channels", json={"add": [f"sc_{paris}"]})

    error = refused(answer, 400, "CHANNELS_INVALID")
    expected = "Sales channels can only be associated with publishable API keys"
    assert error["message"] == expected


async def test_at_the_platform_the_keys_are_the_head_offices(admin):
    made = one(await admin.post(KEYS, json={"title": "HQ", "type": "publishable"}), "api_key")

    assert [channel["id"] for channel in made["sales_channels"]] == ["sc_hq"]
    assert one(await admin.get(f"/admin/tenants/hq/api-keys/{made['id']}"), "api_key")
    await admin.post(f"{KEYS}/{made['id']}/revoke")
    assert (await admin.delete(f"{KEYS}/{made['id']}")).status_code == 200


@pytest.mark.parametrize("title", ["", " ", "x" * 101])
async def test_a_title_that_is_none_is_refused(at, title):
    (_, ask), _ = at
    made = await make(ask)

    answer = await ask("POST", f"/{made['id']}", json={"title": title})

    assert refused(answer, 400)["details"]["violations"].keys() == {"title"}
