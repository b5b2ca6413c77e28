"""A tenant's domains over HTTP: added, listed, removed, and nobody else's."""

import asyncio

import pytest

from tests.gateway.admin.answers import one, page, refused


async def test_the_seeded_tenants_have_their_own_domains(admin):
    paris = page(await admin.get("/admin/tenants/paris/domains"), "domains")
    lyon = page(await admin.get("/admin/tenants/lyon/domains"), "domains")

    assert [domain["id"] for domain in paris] == ["paris.impactnutrition.com"]
    assert [domain["id"] for domain in lyon] == ["lyon.impactnutrition.com"]
    assert paris[0]["primary"]


async def test_a_host_is_normalised_and_answered_as_people_read_it(admin, make_tenant, unique):
    path = f"/admin/tenants/{(await make_tenant())['id']}/domains"

    made = one(await admin.post(path, json={"host": f"Bücher.{unique}.Example.ORG."}), "domain")

    assert made["id"] == f"xn--bcher-kva.{unique}.example.org"
    assert made["display_host"] == f"bücher.{unique}.example.org"


async def test_the_first_domain_is_primary_until_another_is_made_so(admin, make_tenant, unique):
    path = f"/admin/tenants/{(await make_tenant())['id']}/domains"
    first = one(await admin.post(path, json={"host": f"a.{unique}.example.org"}), "domain")

    second = {"host": f"b.{unique}.example.org", "primary": True}
    one(await admin.post(path, json=second), "domain")

    assert first["primary"]
    listed = page(await admin.get(path), "domains")
    assert [(one["display_host"][0], one["primary"]) for one in listed] == [
        ("b", True),
        ("a", False),
    ]


async def test_a_host_belongs_to_one_tenant_however_many_ask(admin, make_tenant, unique):
    tenants = [await make_tenant() for _ in range(2)]
    body = {"host": f"{unique}.example.org"}

    answers = await asyncio.gather(
        *(admin.post(f"/admin/tenants/{one['id']}/domains", json=body) for one in tenants * 3)
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 409, "DOMAIN_TAKEN")


@pytest.mark.parametrize(
    "spelling",
    ["BÜCHER.{}.EXAMPLE.ORG", "xn--bcher-kva.{}.example.org.", "bücher.{}.example.org:80"],
)
async def test_a_domain_is_removed_in_any_spelling_of_its_host(
    admin, make_tenant, unique, spelling
):
    paths = [f"/admin/tenants/{(await make_tenant())['id']}/domains" for _ in range(2)]
    hosts = [f"bücher.{unique}.example.org", f"other.{unique}.example.org"]
    for path, host in zip(paths, hosts, strict=True):
        one(await admin.post(path, json={"host": host}), "domain")

    refused(await admin.delete(f"{paths[1]}/{spelling.format(unique)}"), 404, "DOMAIN_NOT_FOUND")
    gone = await admin.delete(f"{paths[0]}/{spelling.format(unique)}")

    assert gone.json()["id"] == f"xn--bcher-kva.{unique}.example.org"
    assert page(await admin.get(paths[0]), "domains") == []
    assert len(page(await admin.get(paths[1]), "domains")) == 1


async def test_a_domain_that_is_no_host_is_refused_as_when_it_is_added(admin):
    for tenant in ("paris", "lyon"):
        path = f"/admin/tenants/{tenant}/domains"
        refused(await admin.delete(f"{path}/a_b.example.org"), 400, "HOST_INVALID")


async def test_another_tenants_domain_cannot_be_removed(admin, make_tenant, unique):
    mine, other = [f"/admin/tenants/{(await make_tenant())['id']}/domains" for _ in range(2)]
    made = one(await admin.post(mine, json={"host": f"{unique}.example.org"}), "domain")

    refused(await admin.delete(f"{other}/{made['id']}"), 404, "DOMAIN_NOT_FOUND")

    assert page(await admin.get(mine), "domains") == [made]


async def test_a_removed_domain_is_gone_and_free(admin, make_tenant, unique):
    mine, other = [await make_tenant() for _ in range(2)]
    path, host = f"/admin/tenants/{mine['id']}/domains", f"{unique}.example.org"
    await admin.post(path, json={"host": host})

    gone = await admin.delete(f"{path}/{host}")

    parent = {"id": mine["id"], "object": "tenant"}
    assert gone.json() == {"id": host, "object": "domain", "deleted": True, "parent": parent}
    assert page(await admin.get(path), "domains") == []
    one(await admin.post(f"/admin/tenants/{other['id']}/domains", json={"host": host}), "domain")


async def test_a_new_domain_leads_to_its_tenant_at_once(admin, http, make_tenant, unique):
    made = await make_tenant()
    host = {"Host": f"{unique}.example.org"}
    refused(await http.get("/store/regions", headers=host), 404)

    await admin.post(f"/admin/tenants/{made['id']}/domains", json={"host": host["Host"]})
    await admin.post(f"/admin/tenants/{made['id']}/activate")

    assert (await http.get("/store/regions", headers=host)).status_code == 200
    await admin.post(f"/admin/tenants/{made['id']}/suspend")
    refused(await http.get("/store/regions", headers=host), 404)


async def test_the_same_key_adds_one_domain_and_another_body_is_refused(admin, make_tenant, unique):
    path = f"/admin/tenants/{(await make_tenant())['id']}/domains"
    key = {"Idempotency-Key": f"domain-{unique}"}
    first = await admin.post(path, json={"host": f"{unique}.example.org"}, headers=key)

    again = await admin.post(path, json={"host": f"{unique}.example.org"}, headers=key)
    other = await admin.post(path, json={"host": f"b.{unique}.example.org"}, headers=key)

    assert again.json() == first.json()
    refused(other, 400, "REQUEST_ID_REUSED")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"host": None},
        {"host": ""},
        {"host": "localhost"},
        {"host": "127.0.0.1"},
        {"host": "com"},
        {"host": "co.uk"},
        {"host": "a..example.org"},
        {"host": "a b.example.org"},
        {"host": "a\x00.example.org"},
        {"host": "a" * 300 + ".example.org"},
        {"host": "impactnutrition.com"},
        {"host": "shop.example.org", "surprise": 1},
        {"host": "shop.example.org", "primary": "yes"},
        ["shop.example.org"],
    ],
    ids=str,
)
async def test_a_domain_that_is_no_host_is_refused(admin, make_tenant, body):
    path = f"/admin/tenants/{(await make_tenant())['id']}/domains"

    refused(await admin.post(path, json=body), 400)

    assert page(await admin.get(path), "domains") == []
