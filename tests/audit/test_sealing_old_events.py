"""A platform from before events were sealed: what it had done is sealed and proven on the way."""

import asyncio
import json

import pytest

from services.kernel.call.scope import Scope, bound
from services.kernel.evidence import signed_notes
from services.kernel.serving import migrations
from tests import cluster as clusters
from tests.audit.test_sequencer import Trees

BEFORE = {"tenant_registry": "0004", "catalog_opt_in": "0004", "audit": "0001"}
_COLUMNS = "tenant_id, event_id, service, method, resource, actor, request_id, occur_time, outcome"
_VALUES = "'s', 'm', 'tenants/x', 'admins/1', 'req', '2026-01-02 03:04:05.678901+00', 'DONE'"
_CHANGES = '[{"field": "title", "before": "", "after": "\\"é\\""}]'


def _upgrade(cluster, revisions):
    for database, revision in revisions.items():
        folder = clusters.ROOT / "services" / database / "migrations"
        migrations.upgrade(folder, cluster.url(database, "owner"), revision)


@pytest.fixture
async def upgraded():
    """A cluster with old events and leaves of both tenants, brought to today."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clusters, "_upgrade", lambda cluster: _upgrade(cluster, BEFORE))
        async with clusters.running() as cluster:
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
            heads = dict.fromkeys(BEFORE, "head")
            await asyncio.to_thread(_upgrade, cluster, heads)
            yield cluster


async def test_what_was_there_is_sealed_as_it_was_and_gets_its_place(upgraded):
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
