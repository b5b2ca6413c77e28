"""How much a tenant may ask is said by who runs the platform, and by nobody else."""

import uuid

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.tenant_registry.v1 import tenant_pb2 as tenants
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb

from services.kernel.call.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from services.tenant_registry.tenants.origins import is_origin
from tests.tenant_registry.calls import named, read, version_of

TRIAL, STANDARD, LARGE = (
    tenants.Tenant.PLAN_TRIAL,
    tenants.Tenant.PLAN_STANDARD,
    tenants.Tenant.PLAN_LARGE,
)


async def change(registry, tenant, plan, *, scope=None, permissions=None, **options):
    held = {} if permissions is None else {"permissions": permissions}
    return await registry(scope or tenant, **held).ChangeTenantPlan(
        pb.ChangeTenantPlanRequest(**named(tenant, plan=plan, **options))
    )


async def test_a_plan_is_changed_and_gateways_hear_of_it(registry, new_tenant, events_of):
    paris, lyon = await new_tenant(), await new_tenant("lyon")
    assert (await read(registry, paris)).plan == STANDARD
    version = await version_of(registry, paris)

    changed = await change(registry, paris, TRIAL)
    again = await change(registry, paris, TRIAL)

    assert changed == again == await read(registry, paris)
    assert changed.plan == TRIAL
    assert await version_of(registry, paris) > version
    config = await registry(None).ResolveTenant(pb.ResolveTenantRequest(name=f"tenants/{paris}"))
    assert config.tenant.plan == TRIAL
    assert (await read(registry, lyon)).plan == STANDARD
    methods = [event.method.rpartition("/")[2] for event in await events_of(paris, number=2)]
    assert methods == ["CreateTenant", "ChangeTenantPlan"]


async def test_a_plan_is_no_part_of_an_update_or_of_a_new_tenant(registry, new_tenant):
    paris = await new_tenant(plan=LARGE)
    assert (await read(registry, paris)).plan == STANDARD

    tenant = tenants.Tenant(**named(paris), plan=LARGE, display_name="New")
    for mask in (FieldMask(paths=["plan"]), FieldMask(paths=["display_name", "plan"])):
        with pytest.raises(InvalidArgument) as refusal:
            await registry(paris).UpdateTenant(
                pb.UpdateTenantRequest(tenant=tenant, update_mask=mask)
            )
        assert refusal.value.reason == "MASK_INVALID"
    updated = await registry(paris).UpdateTenant(pb.UpdateTenantRequest(tenant=tenant))

    assert (updated.display_name, updated.plan) == ("New", STANDARD)


async def test_permission_to_write_a_tenant_does_not_include_its_plan(registry, new_tenant):
    paris, lyon = await new_tenant(), await new_tenant("lyon")

    with pytest.raises(PermissionDenied):
        await change(registry, paris, LARGE, permissions={"tenant:read", "tenant:write"})
    with pytest.raises(PermissionDenied) as refusal:
        await change(registry, paris, LARGE, scope=lyon)

    assert refusal.value.reason == "SCOPE_MISMATCH"
    assert (await read(registry, paris)).plan == STANDARD


async def test_only_a_known_plan_of_a_known_tenant_is_changed(registry, new_tenant):
    paris = await new_tenant()

    for unknown in (0, 99):
        with pytest.raises(InvalidArgument) as refusal:
            await change(registry, paris, unknown)
        assert set(refusal.value.violations) == {"plan"}
    with pytest.raises(Aborted):
        await change(registry, paris, LARGE, etag='"9"')
    with pytest.raises(NotFound):
        await change(registry, f"nobody-{uuid.uuid4().hex[:8]}", LARGE)
    await registry(paris).DeleteTenant(pb.DeleteTenantRequest(**named(paris)))
    with pytest.raises(FailedPrecondition):
        await change(registry, paris, LARGE)


async def test_a_repeat_answers_what_it_answered(registry, new_tenant):
    paris, key = await new_tenant(), str(uuid.uuid4())

    first = await change(registry, paris, TRIAL, request_id=key)
    await change(registry, paris, LARGE)
    again = await change(registry, paris, TRIAL, request_id=key)

    assert again == first
    assert (await read(registry, paris)).plan == LARGE
    with pytest.raises(InvalidArgument) as refusal:
        await change(registry, paris, LARGE, request_id=key)
    assert refusal.value.reason == "REQUEST_ID_REUSED"


async def test_web_origins_are_kept_as_browsers_spell_them(registry, new_tenant):
    origins = ["https://app.example.org", "http://localhost:3000", "https://x.example:8443"]
    paris = await new_tenant(cors_origins=origins)

    assert list((await read(registry, paris)).cors_origins) == origins
    with pytest.raises(InvalidArgument) as refusal:
        await new_tenant(cors_origins=["*"])
    assert set(refusal.value.violations) == {"cors_origins"}


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "null", "https://*", "https://*.example.org", "//app.example.org"),
        *("app.example.org", "https://app.example.org/", "https://app.example.org/x"),
        *("https://App.example.org", "https://app.example.org:443", "https://app.example.org:0"),
        *("https://app.example.org:99999", "https://u@app.example.org", "ftp://app.example.org"),
        *("http://app.example.org", "http://localhost:80", "https://münchen.example"),
        *("https://a..b", "https://-a.example", "https://app.example.org\n", "https://1.2.3.4"),
    ],
)
def test_an_origin_that_no_browser_sends_is_refused(text):
    assert not is_origin(text)
