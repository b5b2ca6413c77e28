"""The fault matrix at length: `make campaign-faults`, `python -m tests.campaigns.faults MINUTES`.

Every row of `tests/faults/rows.py`, and those below that are too slow or need too much for
`make test`, again and again in a random order until the time is over; then the table is written
into docs/campaigns.md. Ends with 1 when any run of any row failed.
"""

import asyncio
import random
import sys
import time
import traceback
from collections import defaultdict
from dataclasses import dataclass, field

from tests.campaigns.record import record, table
from tests.faults import matrix
from tests.faults.breaking import everywhere, faulty
from tests.faults.matrix import LATE, LOST, Field, Row, Seen, prove
from tests.faults.proxy import Fault
from tests.faults.rows import ROWS

MINUTES = 20.0
LONGER = 4
"""How many times as many answers a row lasts here as in `make test`."""

_SILENT = Fault(silent=True)
_WORSE = (
    Row(
        "half-open to catalog-opt-in",
        faulty("gateway", "catalog-opt-in", _SILENT),
        reads=LATE,
        writes=LATE,
        reads_within=6,
        needs=(2, 1),
    ),
    Row("postgres is very slow", faulty("catalog-opt-in", "postgres", Fault(latency=1.5)), LATE,
        LATE, reads_within=6, needs=(3, 1)),
    Row("everything is late", everywhere(Fault(latency=0.02, jitter=0.05)), LATE, LATE,
        reads_within=6, needs=(6, 2)),
    Row("bytes trickle", everywhere(Fault(piece=512, bandwidth=200_000)), LATE, LATE,
        reads_within=6, needs=(6, 2)),
    Row("clients are cut off from the gateway", faulty("client", "gateway", answers=Fault(
        cut_after=5_000)), LOST, LOST, reads_within=6),
)  # fmt: skip


@dataclass
class Tally:
    """What the runs of one row came to."""

    runs: int = 0
    failures: list[str] = field(default_factory=list)
    reads: int = 0
    writes: int = 0
    slowest_read: float = 0.0
    slowest_write: float = 0.0
    slowest_recovery: float = 0.0

    def add(self, seen: Seen) -> None:
        self.reads += seen.reads
        self.writes += seen.writes
        self.slowest_read = max(self.slowest_read, seen.slowest_read)
        self.slowest_write = max(self.slowest_write, seen.slowest_write)
        self.slowest_recovery = max(self.slowest_recovery, seen.recovered_after)


async def run(minutes: float) -> tuple[dict[str, Tally], Field]:
    """Goes through the rows until the time is over, each at least once."""
    ends = time.monotonic() + 60 * minutes
    tallies: dict[str, Tally] = defaultdict(Tally)
    async with matrix.field() as ground:
        while True:
            for row in random.sample([*ROWS, *_WORSE], len(ROWS) + len(_WORSE)):
                await _one(ground, row, tallies[row.name])
                if time.monotonic() > ends and len(tallies) == len(ROWS) + len(_WORSE):
                    return dict(tallies), ground


async def _one(ground: Field, row: Row, tally: Tally) -> None:
    tally.runs += 1
    try:
        seen = await prove(ground, row, times=LONGER)
    except Exception as error:
        tally.failures.append("".join(traceback.format_exception(error)))
        print(f"FAILED {row.name}: {error!r}", *getattr(error, "exceptions", ()))
        await ground.recovered()
    else:
        tally.add(seen)
        print(f"{row.name}: {seen}")


def main(minutes: float) -> int:
    began = time.monotonic()
    tallies, ground = asyncio.run(run(minutes))
    ledger = ground.ledger
    runs = sum(tally.runs for tally in tallies.values())
    failed = sum(len(tally.failures) for tally in tallies.values())
    rows = [
        (name, one.runs, len(one.failures), one.reads, one.writes, f"{one.slowest_read:.2f}",
         f"{one.slowest_write:.2f}", f"{one.slowest_recovery:.2f}")
        for name, one in sorted(tallies.items())
    ]  # fmt: skip
    took = (time.monotonic() - began) / 60
    lines = [
        f"{runs} faults in {took:.0f} minutes, {failed} runs failed. {len(ledger.intended)} acts"
        f" were asked for and {len(ledger.acknowledged)} acknowledged. A run in which an act"
        f" was lost, doubled or without its event has failed. Leaks: {len(ledger.leaks)}.",
        "",
        "Answers and times are of the fault alone; times in seconds.",
        "",
        *table(
            ("what was broken", "runs", "failed", "reads", "writes", "slowest read",
             "slowest write", "recovered after"),
            rows,
        ),
    ]  # fmt: skip
    print("\n".join(lines))
    record("faults", f"python -m tests.campaigns.faults {minutes:g}", lines)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES))
