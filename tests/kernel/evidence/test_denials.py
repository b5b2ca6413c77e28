"""A refusal is recorded before it is sent, and a flood of them is a few events."""

import asyncio
import json

import pytest
from souk.tenant_registry.v1 import tenant_registry_service_pb2
from sqlalchemy import select

from services.audit.rules import LONGEST
from services.kernel.call.scope import Scope, bound
from services.kernel.data.tables import AuditLeaf
from services.kernel.evidence import coalescing, denials
from services.kernel.evidence.denials import Denial, Denials, named_resource

DATABASE = "tenant_registry"


@pytest.fixture
async def doors(cluster, monkeypatch):
    monkeypatch.setattr(coalescing, "WINDOW_SECONDS", 0.2)
    superuser = await cluster.connect(DATABASE)
    await superuser.execute("TRUNCATE audit_leaf")
    async with cluster.doors(DATABASE) as opened:
        yield opened
    await superuser.execute("TRUNCATE audit_leaf")
    await superuser.close()


def scope(tenant="paris", actor="admins/user_1"):
    return bound(Scope(tenant, actor, frozenset(), session="ses_1", address="192.0.2.1"), "a.B/C")


async def left(doors):
    async with doors.housekeeping() as session:
        leaves = (await session.scalars(select(AuditLeaf).order_by(AuditLeaf.event_id))).all()
    return [(leaf.tenant_id, json.loads(leaf.envelope)) for leaf in leaves]


async def test_a_refusal_is_there_when_record_returns(doors, cluster):
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'audit_leaf'::regclass"
    )
    async with cluster.session(DATABASE) as superuser, superuser.transaction():
        await superuser.execute("LOCK TABLE audit_leaf")
        with scope():
            denial = Denial("tenants/paris/listings/x", "PERMISSION_MISSING")
            recording = asyncio.create_task(Denials(doors).record(denial))
        async with asyncio.timeout(5):
            while not await superuser.fetchval(waiting):
                await asyncio.sleep(0.01)
        assert not recording.done()
    await recording

    [(tenant, facts)] = await left(doors)
    assert tenant == "paris"
    assert (facts["outcome"], facts["reason"]) == ("DENIED", "PERMISSION_MISSING")
    assert (facts["actor"], facts["session"]) == ("admins/user_1", "ses_1")
    assert (facts["resource"], facts["times"]) == ("tenants/paris/listings/x", 1)


async def test_a_refusal_at_the_platform_is_in_the_head_offices_log(doors):
    with scope(tenant=None):
        await Denials(doors).record(Denial("", "PERMISSION_MISSING"))
        await Denials(doors).record(Denial("", "PERMISSION_MISSING", tenant="lyon"))

    assert [tenant for tenant, _ in await left(doors)] == ["hq", "lyon"]


async def test_the_same_refusal_again_within_a_second_is_counted_in_one_event(doors):
    watched = Denials(doors)
    with scope():
        await asyncio.gather(*(watched.record(Denial("r", "REASON")) for _ in range(50)))
        assert len(await left(doors)) == 1
        await asyncio.gather(*watched._coalescer._closing)

    assert [facts["times"] for _, facts in await left(doors)] == [1, 49]


async def test_different_attempts_at_one_resource_leave_one_event_a_second(doors):
    watched = Denials(doors)
    for tenant in ("paris", "lyon"):
        with scope(tenant):
            for n in range(20):
                await watched.record(Denial("r", "REASON", attempt=f"GET /way/{n}"))
    await asyncio.gather(*watched._coalescer._closing)

    events = [(tenant, facts["method"], facts["times"]) for tenant, facts in await left(doors)]
    assert sorted(events) == [
        (tenant, "GET /way/0", times) for tenant in ("lyon", "paris") for times in (1, 19)
    ]


def test_a_name_is_cut_to_what_the_audit_service_takes():
    assert len(denials.loggable_name("é" * 300).encode()) <= LONGEST["method"]
    assert denials.loggable_name("a\x00b\ud800") == "ab?"


async def test_other_refusals_are_events_of_their_own(doors):
    watched = Denials(doors)
    for tenant, actor, denial in (
        ("paris", "admins/1", Denial("r", "REASON")),
        ("lyon", "admins/1", Denial("r", "REASON")),
        ("paris", "admins/2", Denial("r", "REASON")),
        ("paris", "admins/1", Denial("s", "REASON")),
        ("paris", "admins/1", Denial("r", "OTHER")),
    ):
        with scope(tenant, actor):
            await watched.record(denial)

    assert len(await left(doors)) == 5


async def test_recording_a_denial_fails_while_it_cannot_be_stored(doors, cluster):
    watched = Denials(doors)
    superuser = await cluster.connect(DATABASE)
    await superuser.execute(f"REVOKE INSERT ON audit_leaf FROM {DATABASE}_app")
    try:
        with scope():
            outcomes = await asyncio.gather(
                *(watched.record(Denial("r", "REASON")) for _ in range(3)), return_exceptions=True
            )
            await asyncio.gather(*watched._coalescer._closing)
    finally:
        await superuser.execute(f"GRANT INSERT ON audit_leaf TO {DATABASE}_app")
        await superuser.close()

    assert all(isinstance(outcome, Exception) for outcome in outcomes)
    with scope():
        await watched.record(Denial("r", "REASON"))
    assert len(await left(doors)) == 1


def test_the_name_of_a_denied_resource_is_cut():
    kind = tenant_registry_service_pb2.GetTenantRequest

    assert named_resource(kind(name="tenants/paris")) == "tenants/paris"
    assert len(named_resource(kind(name="x" * 5000))) == 200
    assert named_resource(kind(name="a\x00b")) == "ab"
