"""Keys of machines and of storefronts: who can make which, and whose they are."""

import asyncio
import uuid
from datetime import UTC, datetime

import pytest
from souk.tenant_registry.v1 import api_key_service_pb2 as pb
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as tenants

from services.kernel.call.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ServiceError,
)
from services.tenant_registry.tenants.rules import LIVE_KEYS_LIMIT
from services.values.api_keys import digest, is_sound
from tests.tenant_registry.calls import version_of
from tests.tenant_registry.keys import PUBLISHABLE, SECRET, all_of, create, resolved, revoke


async def test_a_key_is_found_by_its_digest_with_its_tenant_and_what_it_may_do(keys, maker):
    (paris, in_paris), (lyon, in_lyon) = await maker(), await maker(prefix="lyon")

    of_paris = await create(in_paris, paris, "listing:write", "listing:read", "listing:read")
    of_lyon = await create(in_lyon, lyon, "tenant:read")

    assert is_sound(of_paris.secret, "SECRET")
    found = await resolved(keys, of_paris.secret)
    assert found.name == of_paris.api_key.name
    assert found.name.startswith(f"tenants/{paris}/apiKeys/apk_")
    assert list(found.permissions) == ["listing:read", "listing:write"]
    assert list((await resolved(keys, of_lyon.secret)).permissions) == ["tenant:read"]


async def test_no_stored_row_or_event_contains_an_api_key(keys, maker, rows, events_of):
    (paris, in_paris), (lyon, in_lyon) = await maker(), await maker(prefix="lyon")
    made = [
        await create(in_paris, paris, "listing:read", request_id=str(uuid.uuid4())),
        await create(in_lyon, lyon, kind=PUBLISHABLE, request_id=str(uuid.uuid4())),
    ]

    for one, tenant in zip(made, (paris, lyon), strict=True):
        [event] = await events_of(tenant, number=1, resource=one.api_key.name)
        stored = [str(event), str(one.api_key)]
        for table in ("api_key", "audit_leaf", "request_record"):
            found = await rows.fetch(f"SELECT t::text FROM {table} t WHERE tenant_id = $1", tenant)
            stored += [row[0] for row in found]
        for text in stored:
            assert one.secret not in text
            assert one.secret.encode().hex() not in text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"kind": pb.ApiKey.KIND_UNSPECIFIED}, "kind"),
        ({"kind": PUBLISHABLE}, "permissions"),
        ({"has_all": True}, "permissions"),
        ({"has_all": True, "kind": PUBLISHABLE}, "permissions"),
        ({"expire_time": datetime(2020, 1, 1, tzinfo=UTC)}, "expire_time"),
        ({"expire_time": datetime(9999, 1, 1, tzinfo=UTC)}, "expire_time"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_by_field(maker, wrong, field):
    paris, in_paris = await maker()

    with pytest.raises(InvalidArgument) as refusal:
        await create(in_paris, paris, "listing:read", **wrong)

    assert (refusal.value.reason, list(refusal.value.violations)) == ("KEY_INVALID", [field])


async def test_a_time_that_no_calendar_has_is_refused(maker):
    paris, in_paris = await maker()
    key = pb.ApiKey(title="ERP", kind=SECRET, permissions=["listing:read"])
    key.expire_time.seconds = 2**60

    with pytest.raises(InvalidArgument) as refusal:
        await in_paris.CreateApiKey(pb.CreateApiKeyRequest(parent=f"tenants/{paris}", api_key=key))

    assert list(refusal.value.violations) == ["expire_time"]


async def test_a_revoked_key_an_expired_one_and_none_are_the_same(keys, maker, rows):
    paris, in_paris = await maker()
    revoked, expired = [await create(in_paris, paris, "listing:read") for _ in range(2)]
    storefronts = await create(in_paris, paris, kind=PUBLISHABLE)
    await revoke(in_paris, revoked)
    await rows.execute(
        "UPDATE api_key SET expire_time = now() WHERE key_id = $1",
        expired.api_key.name.rpartition("/")[2],
    )

    refusals = set()
    for secret in (revoked.secret, expired.secret, storefronts.secret, "souk_live_x"):
        with pytest.raises(NotFound) as refusal:
            await resolved(keys, secret)
        refusals.add((refusal.value.reason, refusal.value.message, str(refusal.value.metadata)))

    assert len(refusals) == 1


async def test_revoking_is_once_and_for_good_and_tells_who(keys, maker, events_of):
    paris, in_paris = await maker()
    made = await create(in_paris, paris, "listing:read")

    first = await revoke(in_paris, made)
    again = await revoke(in_paris, made)

    assert first == again
    assert first.revoker == first.creator
    assert first.HasField("revoke_time")
    events = await events_of(paris, number=2, resource=made.api_key.name)
    assert [e.method.rpartition("/")[2] for e in events] == ["CreateApiKey", "RevokeApiKey"]
    assert [k.name for k in await all_of(in_paris, paris)] == [made.api_key.name]


async def test_a_key_of_another_tenant_gets_the_same_answer_as_an_unknown_one(keys, maker):
    (paris, in_paris), (lyon, in_lyon) = await maker(), await maker(prefix="lyon")
    of_lyon = await create(in_lyon, lyon, "listing:read")
    key_id = of_lyon.api_key.name.rpartition("/")[2]

    for kind, method in (
        (pb.GetApiKeyRequest, "GetApiKey"),
        (pb.RevokeApiKeyRequest, "RevokeApiKey"),
    ):
        for unreachable in (key_id, "apk_nobodys"):
            with pytest.raises(NotFound) as refusal:
                await getattr(in_paris, method)(kind(name=f"tenants/{paris}/apiKeys/{unreachable}"))
            assert refusal.value.reason == "KEY_NOT_FOUND"
        with pytest.raises(PermissionDenied):
            await getattr(in_paris, method)(kind(name=of_lyon.api_key.name))

    assert await all_of(in_paris, paris) == []
    assert (await resolved(keys, of_lyon.secret)).name == of_lyon.api_key.name


async def test_a_repeated_request_makes_one_key_and_shows_it_once(maker):
    paris, in_paris = await maker()
    request_id = str(uuid.uuid4())

    answers = await asyncio.gather(
        *(create(in_paris, paris, "listing:read", request_id=request_id) for _ in range(3))
    )

    assert len({answer.api_key.name for answer in answers}) == 1
    assert len([answer.secret for answer in answers if answer.secret]) == 1
    assert len(await all_of(in_paris, paris)) == 1


@pytest.mark.parametrize("kind", ["SECRET", "PUBLISHABLE"])
async def test_a_tenant_has_a_bounded_number_of_live_keys_also_when_made_at_once(maker, rows, kind):
    (paris, in_paris), (lyon, in_lyon) = await maker(), await maker(prefix="lyon")
    await rows.executemany(
        "INSERT INTO api_key VALUES ($1, $2, $3, $4, '', 'x', '{}', 'x', '', now())",
        [
            (paris, uuid.uuid4().hex, kind, uuid.uuid4().bytes)
            for _ in range(LIVE_KEYS_LIMIT[kind] - 1)
        ],
    )
    held = ["listing:read"] if kind == "SECRET" else []

    outcomes = await asyncio.gather(
        *(create(in_paris, paris, *held, kind=pb.ApiKey.Kind.Value(f"KIND_{kind}"))
          for _ in range(3)),
        return_exceptions=True,
    )  # fmt: skip

    refused = [one for one in outcomes if isinstance(one, ServiceError)]
    assert [(type(e), e.reason) for e in refused] == [(FailedPrecondition, "KEYS_FULL")] * 2
    await create(in_lyon, lyon, "listing:read")


async def test_a_deleted_tenant_gets_no_key_but_can_end_one(registry, maker):
    paris, in_paris = await maker()
    made = await create(in_paris, paris, "listing:read")
    await registry(paris).DeleteTenant(tenants.DeleteTenantRequest(name=f"tenants/{paris}"))

    for kind, held in ((SECRET, ["listing:read"]), (PUBLISHABLE, [])):
        with pytest.raises(FailedPrecondition) as refusal:
            await create(in_paris, paris, *held, kind=kind)
        assert refusal.value.reason == "TENANT_ARCHIVED"
    assert (await revoke(in_paris, made)).HasField("revoke_time")


async def test_the_last_use_of_a_key_is_stored_after_the_answer_at_most_once_a_minute(
    keys, maker, rows, events_of
):
    paris, in_paris = await maker()
    made = await create(in_paris, paris, "listing:read")
    assert not made.api_key.HasField("last_use_time")
    read = pb.GetApiKeyRequest(name=made.api_key.name)

    await resolved(keys, made.secret)
    async with asyncio.timeout(5):
        while not (used := await in_paris.GetApiKey(read)).HasField("last_use_time"):
            await asyncio.sleep(0.02)
    await resolved(keys, made.secret)
    assert (await in_paris.GetApiKey(read)).last_use_time == used.last_use_time

    await rows.execute("UPDATE api_key SET last_use_time = last_use_time - interval '61 s'"
                       " WHERE tenant_id = $1", paris)  # fmt: skip
    await resolved(keys, made.secret)
    async with asyncio.timeout(5):
        while (await in_paris.GetApiKey(read)).last_use_time.seconds < used.last_use_time.seconds:
            await asyncio.sleep(0.02)
    assert len(await events_of(paris, number=1, resource=made.api_key.name)) == 1


async def test_a_publishable_key_names_its_tenant_and_its_digest_is_in_the_config(
    keys, maker, registry
):
    (paris, in_paris), (lyon, in_lyon) = await maker(), await maker(prefix="lyon")
    before = await version_of(registry, paris)
    of_paris = await create(in_paris, paris, kind=PUBLISHABLE)
    of_lyon = await create(in_lyon, lyon, kind=PUBLISHABLE)

    async def owner(secret):
        return await keys(None).ResolvePublishableKey(
            pb.ResolvePublishableKeyRequest(digest=digest(secret))
        )

    closed = pb.ResolvePublishableKeyRequest(digest=digest(of_paris.secret), active_only=True)
    with pytest.raises(NotFound):  # it is not open yet
        await keys(None).ResolvePublishableKey(closed)
    found = await owner(of_paris.secret)
    assert found.tenant.name == f"tenants/{paris}"
    assert list(found.publishable_key_digests) == [digest(of_paris.secret)]
    assert found.version > before
    assert (await owner(of_lyon.secret)).tenant.name == f"tenants/{lyon}"

    await revoke(in_paris, of_paris)
    with pytest.raises(NotFound):
        await owner(of_paris.secret)
    config = await registry(None).ResolveTenant(
        tenants.ResolveTenantRequest(name=f"tenants/{paris}")
    )
    assert list(config.publishable_key_digests) == []
    assert config.version > found.version


async def test_pages_of_keys_are_the_newest_first_and_whole(maker):
    (paris, in_paris), (lyon, in_lyon) = await maker(), await maker(prefix="lyon")
    made = [await create(in_paris, paris, "listing:read") for _ in range(3)]
    await create(in_lyon, lyon, "listing:read")
    request = pb.ListApiKeysRequest(parent=f"tenants/{paris}", page_size=2)

    first = await in_paris.ListApiKeys(request)
    request.page_token = first.next_page_token
    second = await in_paris.ListApiKeys(request)

    seen = [key.name for key in (*first.api_keys, *second.api_keys)]
    assert seen == [one.api_key.name for one in reversed(made)]
    assert (first.total_size, second.next_page_token) == (3, "")
