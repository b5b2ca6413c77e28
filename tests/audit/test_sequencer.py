"""From stored events to places in trees, and to signed checkpoints of them."""

import asyncio
import json
from collections import defaultdict

import asyncpg
import pytest
from sqlalchemy import text

from services.audit import queries, sequencer
from services.audit import trees as tables
from services.audit.messages import parse_incoming
from services.audit.models import PLATFORM_LOG
from services.kernel.call.scope import Scope, bound
from services.kernel.evidence import merkle, signed_notes
from services.kernel.evidence.event_signatures import REVOKED, EventKeys
from services.kernel.process.secret_files import Fixed


class Trees:
    """The audit database as a sequencer has it, without the process around."""

    def __init__(self, cluster, db) -> None:
        secrets = cluster.secrets
        self.key = signed_notes.LogKey((secrets / "checkpoint.key").read_text())
        self.known = signed_notes.read_keys((secrets / "checkpoint.pub").read_text())
        self.services = EventKeys.read((secrets / "services.pub").read_text())
        self.db = db
        self.sequencer = self.another()

    def another(self):
        return sequencer.Sequencer(
            self.db, Fixed(self.key), Fixed(self.known), Fixed(self.services)
        )

    async def add(self, *events, hold=None, service="catalog-opt-in"):
        """Takes events in; with `hold`, the transaction stays open until that is set."""
        with bound(Scope(None, f"services/{service}", frozenset())):
            made = [parse_incoming(event, index=0, keys=Fixed(self.services)) for event in events]
        for one in made:
            one.event["record_time"] = one.event["occur_time"]
        async with self.db.housekeeping() as session:
            await queries.insert_new(session, made)
            if hold is not None:
                await hold.wait()

    async def rows(self, sql, **values):
        async with self.db.housekeeping() as session:
            return (await session.execute(text(sql), values)).all()

    async def entries(self, tenant):
        """Names the events of a tree by place; the places must have no gap."""
        found = await self.rows(
            "SELECT idx, event_id FROM entry WHERE tenant_id = :t ORDER BY idx", t=tenant
        )
        assert [row.idx for row in found] == list(range(len(found)))
        return [row.event_id for row in found]

    async def drain(self):
        """Sequences until nothing waits; a service may be at the same work meanwhile."""
        while await self.sequencer.sequence() or await self._left():
            pass

    async def _left(self):
        broken = self.sequencer._broken
        waiting = {row.tenant_id for row in await self.rows("SELECT tenant_id FROM pending")}
        return bool(waiting - broken) and PLATFORM_LOG not in broken


@pytest.fixture
async def trees(cluster, forgetting):
    """Trees of their own: those of before are taken away by a superuser, as nobody else could."""
    superuser = await cluster.connect("audit")
    await _empty(superuser)
    async with cluster.doors("audit") as db:
        yield Trees(cluster, db)
    await _empty(superuser)
    await superuser.close()


async def _empty(superuser):
    """Under the sequencers' lock: a service's own would else hold what this waits for."""
    names = "cosignature, platform_checkpoint, checkpoint, node, entry, pending, event_payload"
    async with superuser.transaction():
        await superuser.execute("SELECT pg_advisory_xact_lock($1)", tables._LOCK)
        await superuser.execute(f"TRUNCATE {names}, event")


def ids(*events):
    return [event.name.rpartition("/")[2] for event in events]


async def test_events_get_places_without_a_gap_in_their_own_tenants_tree(trees, event):
    made = {tenant: [event(tenant) for _ in range(5)] for tenant in ("paris", "lyon")}
    for paris, lyon in zip(*made.values(), strict=True):
        await trees.add(paris, lyon)
        await trees.drain()

    assert await trees.entries("paris") == ids(*made["paris"])
    assert await trees.entries("lyon") == ids(*made["lyon"])
    assert await trees.rows("SELECT * FROM pending") == []


async def test_every_checkpoint_is_signed_and_tells_the_root_of_its_size(trees, event):
    for _ in range(7):
        await trees.add(event("paris"), event("paris"), event("lyon"))
        await trees.drain()

    leaves = defaultdict(list)
    for row in await trees.rows(
        "SELECT tenant_id, envelope FROM entry JOIN event USING (tenant_id, event_id) ORDER BY idx"
    ):
        leaves[row.tenant_id].append(merkle.leaf_hash(row.envelope))
    checkpoints = await trees.rows("SELECT * FROM checkpoint")
    assert len(checkpoints) == 14
    for row in checkpoints:
        signed = signed_notes.verified(row.note, trees.known)
        root = merkle.root_of(leaves[row.tenant_id][: row.size])
        assert signed == signed_notes.Checkpoint(signed_notes.origin(row.tenant_id), row.size, root)


async def test_the_platforms_tree_holds_every_tenants_heads(trees, event):
    for _ in range(4):
        await trees.add(event("paris"), event("lyon"))
        await trees.drain()

    tree_heads = await trees.rows("SELECT * FROM checkpoint ORDER BY head_idx")
    [*_, last] = await trees.rows("SELECT * FROM platform_checkpoint ORDER BY size")
    signed = signed_notes.verified(last.note, trees.known)
    assert [row.head_idx for row in tree_heads] == list(range(8))
    assert signed.origin == signed_notes.PLATFORM_ORIGIN
    assert signed.root == merkle.root_of(merkle.leaf_hash(row.head) for row in tree_heads)
    for row in tree_heads:
        head, own = json.loads(row.head), signed_notes.verified(row.note, trees.known)
        assert (head["log"], head["size"], head["root"]) == (own.origin, own.size, own.root.hex())
        assert head["signed_from"] == 0


async def test_an_event_that_commits_late_is_not_skipped(trees, event):
    late, early = event("paris"), event("paris")
    commit = asyncio.Event()
    holding = asyncio.create_task(trees.add(late, hold=commit))
    await trees.add(early)
    while await trees.rows("SELECT * FROM pending"):
        await trees.drain()
    commit.set()
    await holding
    await trees.drain()

    assert await trees.entries("paris") == ids(early, late)


async def test_many_sequencers_at_once_give_each_place_away_once(trees, event):
    made = [event("paris") for _ in range(40)]
    others = [trees.another() for _ in range(4)]
    for start in range(0, 40, 10):
        await trees.add(*made[start : start + 10])
        await asyncio.gather(*(other.sequence() for other in others))
    await trees.drain()

    assert sorted(await trees.entries("paris")) == sorted(ids(*made))


async def test_a_sequencer_that_stops_before_its_commit_leaves_nothing(trees, event, monkeypatch):
    await trees.add(event("paris"))

    async def dies(*_):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(tables, "add_platform_checkpoint", dies)
        with pytest.raises(RuntimeError, match="killed"):
            await trees.sequencer.sequence()

    for table in ("entry", "node", "checkpoint"):
        assert await trees.rows(f"SELECT * FROM {table}") == []
    await trees.drain()
    assert len(await trees.entries("paris")) == 1


EVENT = (
    "tenant_id, event_id, service, method, resource, actor, occur_time, outcome, record_time,"
    " envelope, signature"
)


async def invent(connection, event, *, tenant="paris", signature="signature"):
    """Copies an event under another id and actor into all tables, as the service adds one."""
    new_id = event.name.rpartition("/")[2][:-4] + "FAKE"
    arguments = (*ids(event), new_id, tenant)
    await connection.execute(
        f"INSERT INTO event ({EVENT}) SELECT $3, $2, service, method, resource, 'admins/innocent',"
        " occur_time, outcome, record_time,"
        " convert_to(replace(replace(replace(convert_from(envelope, 'UTF8'),"
        " event_id, $2), actor, 'admins/innocent'), 'tenants/' || tenant_id, 'tenants/' || $3),"
        f" 'UTF8'), {signature} FROM event WHERE event_id = $1",
        *arguments,
    )
    await connection.execute(
        "INSERT INTO event_payload SELECT $3, $2, salt, payload FROM event_payload"
        " WHERE event_id = $1",
        *arguments,
    )
    await connection.execute("INSERT INTO pending VALUES ($1, $2)", tenant, new_id)


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
@pytest.mark.parametrize("signature", ["signature", "decode(repeat('0a', 68), 'hex')"])
async def test_an_event_forged_in_the_database_is_not_sequenced_and_blocks_no_other(
    trees, event, cluster, tenant, signature
):
    first, second = event("paris"), event("lyon")
    await trees.add(first, second)
    async with cluster.session("audit", "platform") as service:
        await invent(service, first, tenant=tenant, signature=signature)

    while await trees.sequencer.sequence():
        pass
    later = event("paris")
    await trees.add(later)
    assert await trees.sequencer.sequence() == 1

    assert await trees.entries("paris") == ids(first, later)
    assert await trees.entries("lyon") == ids(second)
    assert len(await trees.rows("SELECT * FROM pending")) == 1


async def test_an_event_copied_with_its_signature_gets_no_place(trees, event, cluster):
    known = event("paris")
    await trees.add(known)
    async with cluster.session("audit", "platform") as service:
        for columns in ("'lyon', event_id", "tenant_id, event_id || 'X'"):
            rest = EVENT.removeprefix("tenant_id, event_id, ")
            await service.execute(
                f"INSERT INTO event ({EVENT}) SELECT {columns}, {rest} FROM event"
                " WHERE event_id = $1", *ids(known)
            )  # fmt: skip
        await service.execute("INSERT INTO pending SELECT tenant_id, event_id FROM event"
                              " ON CONFLICT DO NOTHING")  # fmt: skip

    assert await trees.sequencer.sequence() == 1

    assert [row.event_id for row in await trees.rows("SELECT * FROM entry")] == ids(known)


async def test_an_event_changed_before_it_has_its_place_gets_none(trees, event, cluster):
    changed = event("paris")
    await trees.add(changed, event("lyon"))
    async with cluster.session("audit") as superuser:
        await superuser.execute(
            "UPDATE event SET envelope = convert_to(replace(convert_from(envelope, 'UTF8'), actor,"
            " 'admins/x'), 'UTF8'), actor = 'admins/x' WHERE tenant_id = 'paris'"
        )

    assert await trees.sequencer.sequence() == 1

    assert await trees.rows("SELECT * FROM entry WHERE tenant_id = 'paris'") == []


async def test_an_event_signed_by_a_revoked_key_gets_no_place(trees, event, cluster):
    await trees.add(event("paris"), event("lyon"))
    lines = (cluster.secrets / "services.pub").read_text().splitlines()
    trees.services = EventKeys.read("\n".join(f"{line}{REVOKED}" for line in lines))

    assert await trees.another().sequence() == 0
    assert await trees.sequencer.sequence() == 2


@pytest.mark.parametrize("role", ["app", "platform", "superuser"])
@pytest.mark.parametrize("signature", ["NULL", "''"])
async def test_no_event_is_added_without_a_signature(trees, event, cluster, role, signature):
    known = event("paris")
    await trees.add(known)
    refusals = (asyncpg.CheckViolationError, asyncpg.InsufficientPrivilegeError)
    async with cluster.session("audit", role) as connection:
        with pytest.raises(refusals):
            await invent(connection, known, signature=signature)


FORGERIES = {
    "a rewritten tree": "UPDATE node SET hash = sha256(hash) WHERE tenant_id = 'paris'",
    "a tree cut short": "DELETE FROM node WHERE tenant_id = 'paris' AND idx = 1",
    "an older checkpoint": "DELETE FROM checkpoint WHERE tenant_id = 'paris' AND size = 2",
    "no checkpoint": "DELETE FROM checkpoint WHERE tenant_id = 'paris'",
    "another's checkpoint": "UPDATE checkpoint SET note = (SELECT max(note) FROM checkpoint"
    " WHERE tenant_id = 'lyon') WHERE tenant_id = 'paris'",
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_nothing_is_signed_over_a_forged_tree_and_others_go_on(
    trees, event, cluster, forgery
):
    for _ in range(2):
        await trees.add(event("paris"), event("lyon"))
        await trees.drain()
    async with cluster.session("audit") as superuser:
        await superuser.execute(FORGERIES[forgery])
    before = await trees.rows("SELECT * FROM checkpoint WHERE tenant_id = 'paris'")

    await trees.add(event("paris"), event("lyon"))
    await trees.drain()

    assert await trees.rows("SELECT * FROM checkpoint WHERE tenant_id = 'paris'") == before
    assert len(await trees.entries("lyon")) == 3
    assert len(await trees.rows("SELECT * FROM pending")) == 1


async def test_nothing_is_signed_at_all_over_a_forged_platform_tree(trees, event, cluster):
    await trees.add(event("paris"))
    await trees.drain()
    async with cluster.session("audit") as superuser:
        await superuser.execute("UPDATE node SET hash = sha256(hash) WHERE tenant_id = '-'")

    await trees.add(event("paris"), event("lyon"))
    await trees.drain()

    assert len(await trees.rows("SELECT * FROM checkpoint")) == 1
    assert len(await trees.rows("SELECT * FROM pending")) == 2
