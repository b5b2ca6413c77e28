"""The fault matrix at length: `make campaign-faults`, `python -m tests.campaigns.faults MINUTES`.

First every process is replaced under load, again and again, until 20,000 requests were answered or
a third of the time is over. Then every row of `tests/faults/rows.py`, and those below that are too
slow or need too much for `make test`, in a random order until the time is over; then the table is
written into docs/campaigns.md. Ends with 1 when any run of any row failed.
"""

import asyncio
import random
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from tests.campaigns import disk
from tests.campaigns.record import record, table
from tests.faults import matrix, packet_loss, rolling_upgrade
from tests.faults.injections import (
    all_degraded,
    all_down,
    clock_jumps,
    clock_off,
    degraded,
    half_open,
)
from tests.faults.ledger import Ledger
from tests.faults.matrix import LATE, LOST, REFUSED, Outcome, Row, Testbed, check_row
from tests.faults.proxy import Fault
from tests.faults.rows import NETWORK_AND_STORES, PROCESSES

MINUTES = 20.0
REQUESTS = 20_000
LONGER = 4
"""How many times as many answers a row lasts here as in `make test`."""

_SILENT = Fault(silent=True)
_LOSSY = Fault(loss=1 / 3)
_WORSE = (
    Row("nothing gets to catalog-opt-in or back", degraded("gateway", "catalog-opt-in", _SILENT),
        REFUSED, LATE, 3, needs=(2, 1)),
    Row("connections to tenant-registry are half open", half_open("gateway", "tenant-registry"),
        writes=LATE, needs=(3, 6)),
    Row("postgres is very slow", degraded("catalog-opt-in", "postgres", Fault(latency=1.5)),
        REFUSED, LATE, 3, needs=(3, 1)),
    Row("everything is late", all_degraded(Fault(latency=0.02, jitter=0.05)), REFUSED, LATE,
        reads_within=6, needs=(6, 2)),
    Row("bytes trickle", all_degraded(Fault(piece=512, bandwidth=200_000)), REFUSED, LATE,
        reads_within=6, needs=(6, 2)),
    Row("clients are cut off from the gateway", degraded("client", "gateway", answers=Fault(
        cut_after=5_000)), LOST, LOST, reads_within=6),
    Row("catalog-opt-in's clock is ten minutes fast", clock_off("catalog-opt-in", 600),
        REFUSED, REFUSED),
    Row("tenant-registry's clock is ten minutes slow", clock_off("tenant-registry", -600),
        writes=REFUSED),
    Row("audit's clock is ten minutes slow", clock_off("audit", -600)),
    Row("audit's clock is ten minutes fast", clock_off("audit", 600)),
    Row("audit's clock is three seconds slow", clock_off("audit", -3)),
    Row("tenant-registry's clock is three seconds fast", clock_off("tenant-registry", 3)),
    Row("catalog-opt-in's clock jumps an hour back", clock_jumps("catalog-opt-in", -3600),
        REFUSED, REFUSED),
    Row("tenant-registry's clock jumps two minutes ahead", clock_jumps("tenant-registry", 120),
        writes=REFUSED),
    Row("audit's clock jumps an hour back", clock_jumps("audit", -3600)),
    Row("everything ends, and is started in some order", all_down, LOST, LOST, reads_within=6,
        needs=(2, 2)),
)  # fmt: skip
_LOSING = (
    Row("a third of the packets to catalog-opt-in and back is lost", degraded("gateway",
        "catalog-opt-in", _LOSSY), REFUSED, LATE, 3, needs=(6, 2)),
    Row("a third of the packets to postgres and back is lost", degraded("catalog-opt-in",
        "postgres", _LOSSY), REFUSED, LATE, 3, needs=(6, 2)),
    Row("a third of the packets to redis and back is lost", degraded("gateway", "valkey", _LOSSY)),
)  # fmt: skip


@dataclass
class Tally:
    """What the runs of one row came to."""

    runs: int = 0
    failed: int = 0
    reads: int = 0
    writes: int = 0
    refused: int = 0
    slowest_read: float = 0.0
    slowest_write: float = 0.0
    slowest_recovery: float = 0.0

    def add(self, outcome: Outcome) -> None:
        self.reads += outcome.reads
        self.writes += outcome.writes
        self.refused += outcome.refused
        self.slowest_read = max(self.slowest_read, outcome.slowest_read)
        self.slowest_write = max(self.slowest_write, outcome.slowest_write)
        self.slowest_recovery = max(self.slowest_recovery, outcome.recovered_after)


@dataclass
class Found:
    """What the campaign found."""

    upgrade: str = ""
    left_out: str = ""
    failed: int = 0
    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    intended: int = 0
    acknowledged: int = 0
    leaks: int = 0

    def add(self, ledger: Ledger) -> None:
        self.intended += len(ledger.intended)
        self.acknowledged += len(ledger.acknowledged)
        self.leaks += len(ledger.leaks)

    def leave_out(self, why: str) -> None:
        self.left_out += f" {why}"
        print(why, flush=True)

    def fail(self, what: str, error: Exception) -> None:
        self.failed += 1
        print(f"FAILED {what}", *traceback.format_exception(error), flush=True)


async def run(minutes: float, requests: int) -> Found:
    """Goes on until the time is over."""
    found, ends = Found(), time.monotonic() + 60 * minutes
    await _upgrade(found, requests, 20 * minutes)
    await _full_disk(found)
    rows = [*PROCESSES, *NETWORK_AND_STORES, *_WORSE]
    if packet_loss.is_allowed():
        rows += _LOSING
    else:
        found.leave_out("No packets were lost: this kernel lets only root do that.")
    async with matrix.running_testbed() as testbed:
        for row in _shuffled(rows):
            if time.monotonic() > ends:
                break
            await _one(testbed, row, found)
        found.add(testbed.ledger)
    return found


def _shuffled(rows: list[Row]) -> Iterator[Row]:
    """Gives every row in a random order, and then again in another, without an end."""
    while True:
        yield from random.sample(rows, len(rows))


async def _upgrade(found: Found, requests: int, seconds: float) -> None:
    print("replacing every process under load ...", flush=True)
    try:
        ledger = await rolling_upgrade.upgrade_under_load(
            requests=requests, seconds=seconds, breath=0.0, readers=6
        )
    except Exception as error:
        found.fail("an upgrade", error)
        found.upgrade = "An upgrade under load failed."
    else:
        found.upgrade = (
            f"Every process was replaced again and again under {ledger.answers} requests, of"
            " which none failed."
        )
    print(found.upgrade, flush=True)


async def _full_disk(found: Found) -> None:
    try:
        with disk.small() as place:
            row = Row("the file system of postgres is full", disk.full(place), REFUSED, LATE,
                      reads_within=3, needs=(20, 30))  # fmt: skip
            async with matrix.running_testbed() as testbed:
                await disk.move_postgres(testbed, place)
                for _ in range(2):
                    await _one(testbed, row, found)
                found.add(testbed.ledger)
    except disk.CannotMount as reason:
        found.leave_out(f"A full file system of PostgreSQL was left out: {reason}.")


async def _one(testbed: Testbed, row: Row, found: Found) -> None:
    tally = found.tallies[row.name]
    tally.runs += 1
    try:
        outcome = await check_row(testbed, row, times=LONGER)
    except Exception as error:
        tally.failed += 1
        found.fail(row.name, error)
        with suppress(TimeoutError):  # then the next row fails too, and is counted
            await testbed.recovered()
    else:
        tally.add(outcome)
        print(f"{row.name}: {outcome}", flush=True)


def main(minutes: float, requests: int) -> int:
    began = time.monotonic()
    found = asyncio.run(run(minutes, requests))
    runs = sum(tally.runs for tally in found.tallies.values())
    rows = [
        (name, one.runs, one.failed, one.reads, one.writes, one.refused,
         f"{one.slowest_read:.2f}", f"{one.slowest_write:.2f}", f"{one.slowest_recovery:.2f}")
        for name, one in sorted(found.tallies.items())
    ]  # fmt: skip
    took = (time.monotonic() - began) / 60
    lines = [
        f"{runs} faults in {took:.0f} minutes, {found.failed} failures. {found.intended} acts"
        f" were asked for and {found.acknowledged} acknowledged. A run in which an act was lost,"
        f" doubled or without its event has failed. Leaks: {found.leaks}. {found.upgrade}"
        f"{found.left_out}",
        "",
        "Answers and times are of the fault alone; times in seconds.",
        "",
        *table(
            ("what was broken", "runs", "failed", "reads", "writes", "refused",
             "slowest read", "slowest write", "recovered after"),
            rows,
        ),
    ]  # fmt: skip
    print("\n".join(lines))
    record("faults", f"python -m tests.campaigns.faults {minutes:g} {requests}", lines)
    return 1 if found.failed else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(
        main(
            float(given[0]) if given else MINUTES,
            int(given[1]) if len(given) > 1 else REQUESTS,
        )
    )
