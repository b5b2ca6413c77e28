"""What a platform starts with: the head office and its first admin."""

import asyncio
from dataclasses import replace

import pytest

from deploy.local.processes import start
from deploy.manifest import SERVICES

METHOD = "souk.tenant_registry.v1.Bootstrap/Run"


@pytest.fixture
def bootstrap(platform, tmp_path):
    [service] = [one for one in SERVICES if one.name == "tenant-registry"]

    async def run(**settings):
        program = platform.topology.command(service, "bootstrap")
        program = replace(program, environment={**program.environment, **settings})
        return await (await start(program, tmp_path / "log")).process.wait()

    return run


async def everything(rows):
    return [
        await rows.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")
        for table in ("admin", "assignment", "role", "policy")
    ] + [await rows.fetch("SELECT * FROM tenant WHERE tenant_id = 'hq'")]


async def test_bootstrapping_gives_each_tenant_an_admin_that_has_none(
    platform, bootstrap, rows, new_tenant
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")

    assert await bootstrap() == 0

    for tenant in (paris, lyon):
        assignments = await rows.fetch(
            "SELECT email, role_id, granted_by FROM assignment JOIN admin USING (admin_id)"
            " WHERE tenant_id = $1",
            tenant,
        )
        given = (platform.settings.admin, "TenantAdmin", "services/tenant-registry")
        assert [tuple(row) for row in assignments] == [given]


async def test_bootstrapping_again_changes_nothing_not_even_for_another_email(bootstrap, rows):
    await bootstrap()
    before = await everything(rows)

    codes = set(
        await asyncio.gather(bootstrap(), bootstrap(SOUK_ADMIN_EMAIL="second@paris.example"))
    )

    assert codes == {0}
    assert await everything(rows) == before


async def test_the_head_office_and_the_first_admin_left_events_without_an_email(
    platform, events_of
):
    events = [e for e in await events_of("hq", number=4) if e.method == METHOD]

    resources = sorted(event.resource.rpartition("/")[0] for event in events)
    assert resources == ["admins", "assignments", "tenants", "tenants/hq/assignments"]
    assert platform.settings.admin not in str(events)


async def test_a_wrong_email_is_refused_by_its_settings_name(bootstrap, tmp_path):
    assert await bootstrap(SOUK_ADMIN_EMAIL="nobody") == 2

    assert "SOUK_ADMIN_EMAIL" in (tmp_path / "log").read_text()
