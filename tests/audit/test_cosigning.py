"""The audit service and its witness: cosigned when it is there, and nobody waits when it is not."""

import asyncio

import httpx
import pytest

from gateway.cli import audit, exports
from services.audit import cosigning
from services.kernel.evidence import signed_notes
from services.kernel.evidence.event_signatures import EventKeys
from services.kernel.process.secret_files import Fixed
from services.witness.app import create_app
from services.witness.ledger import Ledger
from services.witness.witness import Witness
from tests.audit.test_sequencer import trees  # noqa: F401 - a fixture
from tests.kernel.evidence.test_signed_notes import pem


@pytest.fixture
async def witness_client(trees, tmp_path):  # noqa: F811
    key, ledger = signed_notes.WitnessKey(pem()), Ledger(tmp_path / "seen")
    app = create_app(Witness(Fixed(key), Fixed(trees.known), ledger))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://witness"
    ) as client:
        yield cosigning.WitnessClient(trees.db, client, Fixed([key.public])), [key.public]
    ledger.close()


async def cosigned(trees, keys):  # noqa: F811
    rows = await trees.rows("SELECT size, note FROM cosignature ORDER BY size")
    assert all(signed_notes.cosigned_at(row.note, keys) for row in rows)
    return [row.size for row in rows]


async def test_each_newest_checkpoint_is_cosigned_once(trees, event, witness_client):  # noqa: F811
    work, keys = witness_client
    for _ in range(3):
        await trees.add(event("paris"), event("lyon"))
        await trees.drain()
        assert await work.submit_newest()
        assert not await work.submit_newest()

    assert await cosigned(trees, keys) == [2, 4, 6]


async def test_the_newest_checkpoint_is_cosigned_after_an_outage(
    trees,  # noqa: F811
    event,
    witness_client,
    cluster,
):
    work, keys = witness_client
    for _ in range(5):
        await trees.add(event("paris"))
        await trees.drain()
    assert await work.submit_newest()
    async with cluster.session("audit") as superuser:  # the database lost what the witness knows
        await superuser.execute("DELETE FROM cosignature")
    await trees.add(event("paris"))
    await trees.drain()

    assert await work.submit_newest()
    assert await cosigned(trees, keys) == [6]


async def test_a_log_that_was_cut_short_is_refused(trees, event, witness_client, cluster):  # noqa: F811
    work, _ = witness_client
    for _ in range(4):
        await trees.add(event("paris"))
        await trees.drain()
    await work.submit_newest()
    async with cluster.session("audit") as superuser:
        await superuser.execute("DELETE FROM cosignature; DELETE FROM platform_checkpoint"
                                " WHERE size > 2; DELETE FROM node WHERE tenant_id = '-'"
                                " AND (idx + 1) << level > 2")  # fmt: skip

    with pytest.raises(cosigning.WitnessRefused, match="the witness has seen size 4"):
        await work.submit_newest()


async def test_another_past_of_the_same_size_is_refused(trees, event, witness_client, cluster):  # noqa: F811
    work, _ = witness_client
    await trees.add(event("paris"))
    await trees.drain()
    await work.submit_newest()
    async with cluster.session("audit") as superuser:
        tables = "cosignature, platform_checkpoint, checkpoint, node, entry, pending"
        await superuser.execute(f"TRUNCATE {tables}")
        await superuser.execute("INSERT INTO pending SELECT tenant_id, event_id FROM event")
    trees.sequencer = trees.another()  # the one of before remembers
    await trees.drain()

    with pytest.raises(cosigning.WitnessRefused):
        await work.submit_newest()


async def test_a_cosignature_of_nobody_is_not_kept(trees, event, witness_client):  # noqa: F811
    work, keys = witness_client
    stranger = cosigning.WitnessClient(
        trees.db, work._client, Fixed([signed_notes.WitnessKey(pem()).public])
    )
    await trees.add(event("paris"), event("lyon"))
    await trees.drain()

    with pytest.raises(cosigning.WitnessRefused, match="not a cosignature by a known key"):
        await stranger.submit_newest()
    assert await cosigned(trees, keys) == []


def flaw_of(export, keys, witnesses):
    try:
        audit.verify(export, keys, witnesses=witnesses)
    except exports.InvalidExport as invalid:
        return str(invalid)
    return ""


async def test_on_the_running_platform_exports_end_with_a_cosignature(admin, platform, tmp_path):
    keys, witnesses = (
        signed_notes.read_keys((platform.secrets / f"{name}.pub").read_text())
        for name in ("checkpoint", "witness")
    )
    services = EventKeys.read((platform.secrets / "services.pub").read_text())
    file = tmp_path / "hq.ndjson"
    flaws = ["it was not looked at"]
    while flaws[-1] and len(flaws) < 200:  # a cosignature and the event of an erasure come later
        file.write_text((await admin.get("/admin/tenants/hq/audit-events/export")).text)
        flaws.append(flaw_of(exports.read(file, services), keys, witnesses))
        await asyncio.sleep(0.3)

    assert flaws[-1] == ""
