"""A platform from before events were sealed: what it had done is sealed and proven on the way."""

import asyncio
import json
from typing import Any, cast

import asyncpg
import pytest
import pytest_asyncio

from deploy.provision import provision
from services.kernel.call.scope import Scope, bound
from services.kernel.evidence import relay, signed_notes
from services.kernel.evidence.event_signatures import EventKeys
from services.kernel.serving import migrations
from tests import cluster as clusters
from tests.audit.conftest import signed_events
from tests.audit.test_sequencer import Trees, invent

BEFORE = {"tenant_registry": "0004", "catalog_opt_in": "0004", "audit": "0001"}
_COLUMNS = "tenant_id, event_id, service, method, resource, actor, request_id, occur_time, outcome"
_VALUES = "'s', 'm', 'tenants/x', 'admins/1', 'req', '2026-01-02 03:04:05.678901+00', 'DONE'"
_CHANGES = '[{"field": "title", "before": "", "after": "\\"é\\""}]'


def _upgrade(cluster, revisions):
    for database, revision in revisions.items():
        folder = clusters.ROOT / "services" / database / "migrations"
        migrations.upgrade(folder, cluster.url(database, "owner"), revision)


@pytest_asyncio.fixture(scope="module")
async def upgraded():
    """A cluster with old events and leaves of both tenants, brought to today."""
    async with clusters.empty() as cluster:
        await provision(cluster.admin_url, cluster.secrets)
        await asyncio.to_thread(_upgrade, cluster, BEFORE)
        for database, table, more in (
            ("tenant_registry", "audit_leaf", ""),
            ("catalog_opt_in", "audit_leaf", ""),
            ("audit", "event", ", record_time"),
        ):
            async with cluster.session(database) as superuser:
                for tenant in ("paris", "lyon"):
                    await superuser.execute(
                        f"INSERT INTO {table} ({_COLUMNS}{more}, changes) VALUES"
                        f" ('{tenant}', 'evt_1', {_VALUES}{more and ', now()'}, $1)",
                        _CHANGES,
                    )
        await asyncio.to_thread(_upgrade, cluster, dict.fromkeys(BEFORE, "head"))
        yield cluster


async def test_old_events_are_sealed_unchanged_and_get_a_place(upgraded):
    for database in ("tenant_registry", "catalog_opt_in"):
        async with upgraded.session(database) as superuser:
            leaves = await superuser.fetch("SELECT * FROM audit_leaf ORDER BY tenant_id")
            assert [leaf["tenant_id"] for leaf in leaves] == ["lyon", "paris"]
            assert json.loads(leaves[0]["envelope"])["event"] == "tenants/lyon/events/evt_1"

    async with upgraded.doors("audit") as db:
        trees = Trees(upgraded, db)
        with bound(Scope(None, "services/audit", frozenset())):
            await trees.drain()
        assert await trees.entries("paris") == await trees.entries("lyon") == ["evt_1"]
        [row] = await trees.rows(
            "SELECT envelope, payload FROM event JOIN event_payload USING (tenant_id, event_id)"
            " WHERE tenant_id = 'paris'"
        )
        facts, content = json.loads(row.envelope), json.loads(row.payload)
        assert facts["occur_time"] == "2026-01-02T03:04:05.678901Z"
        assert (facts["actor"], facts["request_id"], facts["times"]) == ("admins/1", "req", 1)
        assert content["changes"][0]["after"] == '"é"'
        [note, *_] = await trees.rows("SELECT note FROM checkpoint")
        assert signed_notes.verified(note.note, trees.known).size == 1
        await _sign_from_now_on(upgraded, trees)


async def _sign_from_now_on(cluster, trees):
    """What comes next is signed, and nothing without a signature gets a place any more."""
    event = signed_events(cluster.event_key)("paris")
    await trees.add(event)
    await trees.drain()
    [row] = await trees.rows("SELECT head FROM checkpoint WHERE tenant_id = 'paris' AND size = 2")
    assert json.loads(row.head)["signed_from"] == 1

    async with cluster.session("audit") as superuser:
        await superuser.execute("ALTER TABLE event DROP CONSTRAINT ck_event_is_signed")
        await invent(superuser, event, tenant="lyon", signature="NULL")
    await trees.sequencer._report()
    while await trees.sequencer.sequence():
        pass
    assert await trees.entries("lyon") == ["evt_1"]


async def test_the_relay_signs_leaves_from_before_and_no_others_come(upgraded):
    services = EventKeys.read((upgraded.secrets / "services.pub").read_text())
    async with upgraded.doors("tenant_registry") as db:
        sender = relay.Relay(db, cast(Any, None))
        [leaf, _] = await sender._undelivered()
        event = sender._event(leaf)

    assert services.have_signed(
        leaf.envelope, "tenant-registry", event.signature, including_revoked=False
    )
    for signature in ("NULL", "''"):
        async with upgraded.session("tenant_registry", "platform") as service:
            with pytest.raises(asyncpg.CheckViolationError):
                await service.execute(
                    "INSERT INTO audit_leaf SELECT tenant_id, 'evt_2', occur_time, envelope,"
                    f" payload, salt, {signature} FROM audit_leaf WHERE tenant_id = 'paris'"
                )
