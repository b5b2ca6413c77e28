"""Whatever is done to a log behind the service's back, an auditor finds it."""

import os
import random
from functools import partial
from itertools import pairwise

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.kernel.call.scope import Scope, bound
from services.kernel.data.connections import RestrictedConnection
from services.kernel.evidence import merkle
from tests.audit.exports.made_exports import ERASURE
from tests.audit.test_sequencer import trees  # noqa: F401 - a fixture
from tests.campaigns import forging, tampering

PLACES = 1000 if os.environ.get("SOUK_CAMPAIGN") == "audit" else 5


@pytest.fixture
async def log(trees, event, cluster):  # noqa: F811
    """A log of paris beside one of lyon, with an engine that a superuser holds, and evidence.

    The payload of entry 3 was erased, as an entry among the others tells.
    """
    made = [event("paris", resource=f"tenants/paris/x/{n}") for n in range(29)]
    gone = made[3].name.rpartition("/")[2]
    for start, end in pairwise((0, 5, 10, 15, 19, 24, 29)):
        await trees.add(*made[start:end], event("lyon"))
        if start == 15:
            await trees.add(event("paris", **ERASURE, resource=made[3].name), service="audit")
        await trees.drain()
    async with cluster.session("audit") as superuser:
        await superuser.execute("DELETE FROM event_payload WHERE event_id = $1", gone)
    connect = partial(
        asyncpg.connect, cluster.admin_url, database="audit", connection_class=RestrictedConnection
    )
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda *_, **__: connect(), poolclass=NullPool
    )
    with bound(Scope("paris", "admins/auditor", frozenset())):
        async with tampering.session_of(engine) as session:
            records = await tampering.exported(session)
            await session.rollback()
    checkpoint = next(r["checkpoint"]["note"] for r in reversed(records) if "checkpoint" in r)
    yield engine, records, tampering.Evidence(trees.known, trees.services, checkpoint)
    await engine.dispose()


async def test_a_log_that_nobody_touched_is_good(log, tmp_path):
    _, records, evidence = log

    for form in ("ndjson", "csv"):
        content = "".join(forging.lines_of(records, form=form))
        assert forging.flaw_in_file(evidence, content, tmp_path / f"x.{form}") == ""


async def test_a_log_in_the_database_that_nobody_touched_is_good(log):
    engine, _, evidence = log

    async def nothing(*_):
        """Leaves everything as it is."""

    assert await tampering.flaw_in_database(engine, evidence, nothing, random.Random(1)) == ""


@pytest.mark.parametrize("kind", tampering.IN_DATABASE)
async def test_a_superusers_change_to_the_database_is_detected(log, kind, record_property):
    engine, _, evidence = log
    tamper, chance = tampering.IN_DATABASE[kind], random.Random(kind)

    for _ in range(PLACES):
        assert await tampering.flaw_in_database(engine, evidence, tamper, chance)
    record_property("forgeries", PLACES)


@pytest.mark.parametrize("form", ["ndjson", "csv"])
async def test_a_change_to_an_export_is_detected(log, form, tmp_path, record_property):
    _, records, evidence = log
    for kind, tamper in forging.IN_FILE.items():
        chance = random.Random(kind)
        for _ in range(PLACES):
            content = tamper(forging.lines_of(records, form=form), chance)
            assert forging.flaw_in_file(evidence, content, tmp_path / f"x.{form}"), kind
    for _ in range(PLACES):
        forged = forging.rewritten(records, chance)
        content = "".join(forging.lines_of(forged, form=form))
        assert forging.flaw_in_file(evidence, content, tmp_path / f"x.{form}")
    record_property("forgeries", PLACES * (len(forging.IN_FILE) + 1))


async def test_the_first_bad_entry_is_named(log, tmp_path):
    _, records, evidence = log
    lines = forging.lines_of(records, form="ndjson")
    lines[8] = lines[8].replace("HIDDEN", "LIVE")  # entry 7, after the head

    flaw = forging.flaw_in_file(evidence, "".join(lines), tmp_path / "x.ndjson")

    assert flaw.startswith("entry 7 has a payload that does not match its envelope")


async def test_a_changed_envelope_is_named(log, tmp_path):
    _, records, evidence = log
    lines = forging.lines_of(records, form="ndjson")
    lines[8] = lines[8].replace("admins/user_1", "admins/user_2")

    flaw = forging.flaw_in_file(evidence, "".join(lines), tmp_path / "x.ndjson")

    assert flaw == "entry 7 has an envelope that does not match its leaf in the tree"


async def test_a_replaced_entry_with_a_valid_signature_is_located_between_two_checkpoints(
    log, cluster
):
    _, records, evidence = log
    entry = next(record for record in records if record.get("index") == 7)
    entry["envelope"] = entry["envelope"].replace("admins/user_1", "admins/user_2")
    envelope = entry["envelope"].encode()
    entry["leaf"] = merkle.leaf_hash(envelope).hex()
    entry["signature"] = cluster.event_key("catalog-opt-in").sign(envelope).hex()

    flaw = evidence.flaw_of(records)

    assert flaw == "one of the entries 5 to 9 differs from what was signed"


async def test_a_log_cut_short_is_found_by_a_kept_checkpoint_alone(log):
    """Honestly: what is left of it proves itself, so keep receipts, or ask the witness."""
    _, records, evidence = log
    shorter = [r for r in records if r.get("index", 0) < 25]
    assert shorter != records
    head = shorter[0] | {"size": 25}
    rest = [r for r in shorter[1:] if r.get("checkpoint", {"size": 0})["size"] <= 25]

    assert "is missing" in evidence.flaw_of([head, *rest])
