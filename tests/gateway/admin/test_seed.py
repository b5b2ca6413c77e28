"""The demo data, brought in by the platform's own start, and brought in again."""

import time

import pytest

from gateway.cli.seed import main, seed
from gateway.cli.seed.api import SeedFailed
from gateway.cli.seed.data import load
from tests.gateway.admin.answers import page, pages

SECONDS_TO_ARRIVE = 10
# What the seed's own login leaves behind, as every login does: a session, and an event in the log.
OF_A_LOGIN = {"admin_session", "refresh_token", "event_payload", "entry", "node"}
OF_A_LOGIN |= {"checkpoint", "platform_checkpoint", "cosignature"}
ON_THE_WAY = {"audit_leaf", "pending"}


async def rows(database):
    """Counts the rows of every table of every database, once all events have arrived."""
    end = time.monotonic() + SECONDS_TO_ARRIVE
    while (found := await counted(database)) and time.monotonic() < end:
        if not any(count for (_, table), count in found.items() if table in ON_THE_WAY):
            break
    return {place: count for place, count in found.items() if place[1] not in OF_A_LOGIN}


async def counted(database):
    found = {}
    for service in ("tenant-registry", "catalog-opt-in", "audit"):
        connection = await database(service, "superuser")
        tables = await connection.fetch(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE relkind = 'r' AND nspname = 'public'"
        )
        for (table,) in tables:
            but = "WHERE method NOT LIKE '%/Login'" if table == "event" else ""
            query = f'SELECT count(*) FROM "{table}" {but}'
            found[service, table] = await connection.fetchval(query)
        await connection.close()
    return found


async def versions(database):
    """Tells when each row of what the seed makes was last written."""
    connection = await database("catalog-opt-in", "superuser")
    return {
        table: await connection.fetch(f"SELECT xmin::text, ctid::text FROM {table} ORDER BY ctid")
        for table in ("product", "listing", "collection", "category", "tenant_catalogue")
    }


async def test_seeding_again_changes_nothing_at_all(platform, database):
    # Once more than the start did, so that what other tests took away is there again.
    await seed(platform.url, platform.admin_email, platform.admin_password)
    before, written = await rows(database), await versions(database)

    counts = await seed(platform.url, platform.admin_email, platform.admin_password)

    data = load()
    assert counts.created.total() == 0
    assert counts.existing["products"] == len(data.products)
    assert counts.existing["opt-ins"] == sum(len(tenant["products"]) for tenant in data.tenants)
    assert await versions(database) == written
    assert await rows(database) == before


async def test_the_seeded_tenants_sell_what_the_data_says(admin, http):
    data = load()
    for tenant in data.tenants:
        listed = await pages(admin, f"/admin/tenants/{tenant['id']}/products", "products")
        handles = {listing["handle"] for listing in listed}
        assert handles.issuperset(one["handle"] for one in tenant["products"])


async def test_the_pictures_of_every_shop_are_there(http):
    for tenant in ("hq", "paris"):
        shop = {"X-Tenant-ID": tenant}
        listed = await http.get("/store/products?limit=200", headers=shop)
        for product in page(listed, "products"):
            urls = {product["thumbnail"], *(image["url"] for image in product["images"])}
            if product["handle"] in {one["handle"] for one in load().products}:
                assert urls
                for url in urls:
                    picture = await http.get(url, headers=shop)
                    assert picture.headers["content-type"] == "image/png", url


async def test_own_prices_are_where_the_data_says(admin):
    listed = await pages(admin, "/admin/tenants/paris/products", "products")
    own = {one["handle"]: len(one["prices"]) for one in listed}
    paris = next(tenant for tenant in load().tenants if tenant["id"] == "paris")

    for opt_in in paris["products"]:
        assert own[opt_in["handle"]] == len(opt_in.get("prices", {}))


async def test_a_wrong_password_is_told_in_a_sentence(platform):
    with pytest.raises(SeedFailed, match=f"login as {platform.admin_email} was refused"):
        await seed(platform.url, platform.admin_email, "wrong")


async def test_a_gateway_that_is_not_there_is_told_in_a_sentence():
    with pytest.raises(SeedFailed, match="does not answer"):
        await seed("http://127.0.0.1:9", "admin@example.org", "any")


def test_the_command_ends_with_1_and_a_line_when_it_cannot_go_on(tmp_path, capsys):
    secret = tmp_path / "password"
    secret.write_text("any\n")
    common = ["--url", "http://127.0.0.1:9", "--email", "admin@example.org", "--password-file"]

    assert main([*common, str(secret)]) == 1
    assert main([*common, str(tmp_path / "nowhere")]) == 1

    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["souk seed", "souk seed"]
