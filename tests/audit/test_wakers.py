"""A recorded event wakes the sequencer, and a signed checkpoint the client of the witness."""

import asyncio

from souk.audit.v1 import audit_service_pb2 as pb

from services.audit import sequencer
from services.audit.servicer import AuditServicer
from services.audit.wakers import Wakers
from services.kernel.call.scope import Scope, bound
from tests.audit.test_sequencer import Fixed, ids, trees  # noqa: F401 - a fixture


async def record(trees, wakers, *events):  # noqa: F811
    servicer = AuditServicer(trees.db, Fixed(trees.services), wakers)
    with bound(Scope(None, "services/catalog-opt-in", frozenset({"event:record"}))):
        return await servicer.RecordEvents(pb.RecordEventsRequest(events=events), None)


async def test_a_recorded_event_is_sequenced_before_the_next_poll(trees, event, monkeypatch):  # noqa: F811
    monkeypatch.setattr(sequencer, "_POLL_SECONDS", 3600)
    wakers = Wakers()
    work = asyncio.create_task(trees.sequencer.work(wakers))
    try:
        async with asyncio.timeout(20):
            for _ in range(2):  # the second comes while it waits
                made = [event("paris"), event("lyon")]
                await record(trees, wakers, *made)
                await wakers.signed.wait()
                wakers.signed.clear()
    finally:
        work.cancel()

    assert (await trees.entries("paris"))[-1:] + (await trees.entries("lyon"))[-1:] == ids(*made)


async def test_an_event_that_is_known_already_wakes_nobody(trees, event):  # noqa: F811
    wakers, known = Wakers(), event("paris")
    await record(trees, wakers, known)
    wakers.recorded.clear()

    answer = await record(trees, wakers, known)

    assert answer.recorded_count == 0
    assert not wakers.recorded.is_set()


async def test_a_pass_that_failed_is_repeated_before_the_next_poll(trees, event, monkeypatch):  # noqa: F811
    monkeypatch.setattr(sequencer, "_POLL_SECONDS", 3600)
    wakers, sequence, failures = Wakers(), trees.sequencer.sequence, iter([ValueError()])
    made = [event("paris"), event("lyon")]
    await record(trees, wakers, *made)

    async def fails_once():
        for failure in failures:
            raise failure
        return await sequence()

    monkeypatch.setattr(trees.sequencer, "sequence", fails_once)
    work = asyncio.create_task(trees.sequencer.work(wakers))
    try:
        async with asyncio.timeout(20):
            await wakers.signed.wait()
    finally:
        work.cancel()

    assert await trees.entries("paris") + await trees.entries("lyon") == ids(*made)
