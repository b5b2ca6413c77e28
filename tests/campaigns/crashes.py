"""Crashes under load: part of `make campaign-audit`; `python -m tests.campaigns.crashes MINUTES`.

kill -9 of each process twenty times and of single backends of PostgreSQL two hundred times, at
random moments, spread over the time, while writers write as fast as they can; as many as fit. Five
times meanwhile, the acts, the events and what was acknowledged are compared, and the trees are
built again from the events. Ends with 1 when anything disagreed.
"""

import asyncio
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from tests.campaigns.record import record, table
from tests.faults import matrix
from tests.faults.injections import descendants, wait_until_ended
from tests.faults.ledger import DatabaseState, read_databases
from tests.faults.matrix import Testbed
from tests.faults.shops import token

MINUTES = 40.0
KILLS = 20
BACKEND_KILLS = 200
COMPARISONS = 5
WRITERS = 16
PROCESSES = (
    *("audit", "catalog-opt-in", "tenant-registry", "witness", "gateway"),
    *("valkey", "postgres"),
)
BACKEND = "a backend of postgres"


@dataclass
class Found:
    """What the campaign did, and what it found."""

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    intended: int = 0
    events: int = 0
    checkpoints: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, testbed: Testbed, state: DatabaseState) -> None:
        """Counts, and compares."""
        self.acknowledged = len(testbed.ledger.acknowledged)
        self.intended = len(testbed.ledger.intended)
        self.events, self.checkpoints = state.events.total(), state.trees.checkpoints
        try:
            testbed.ledger.check_answers()
            state.check(testbed.ledger)
        except AssertionError as error:
            self.violate(error)
        print(
            f"{self.kills.total()} kills, {self.acknowledged} acts acknowledged, {self.events}"
            f" events, {self.checkpoints} checkpoints, {len(self.violations)} violations",
            flush=True,
        )

    def violate(self, error: Exception) -> None:
        """Keeps what disagreed, in words."""
        inner = getattr(error, "exceptions", [error])
        self.violations += [" ".join(repr(one).split())[:1000] for one in inner]
        print(*traceback.format_exception(error), flush=True)


async def crash(testbed: Testbed, victim: str) -> None:
    """Kills, and starts what does not come back by itself."""
    platform = testbed.platform
    if victim == BACKEND:
        with suppress(ProcessLookupError):  # it ended by itself before we came
            os.kill(random.choice(descendants(platform.pid("postgres"))), signal.SIGKILL)
        return
    family = descendants(platform.pid(victim))
    await platform.kill(victim)
    await wait_until_ended(family)
    await platform.start(victim)


async def run(minutes: float) -> Found:
    found, seconds = Found(), 60 * minutes
    victims = [*PROCESSES] * KILLS + [BACKEND] * BACKEND_KILLS
    random.shuffle(victims)
    # Nothing stands between the processes: a proxy would cost more than they do.
    async with matrix.running_testbed(connections=()) as testbed:
        # The first part begins at once, and each has its share of the time for kills and looking.
        began = time.monotonic()
        for part in range(COMPARISONS):
            try:
                testbed.token = await token(testbed.platform)  # a session's is good for an hour
                await _crashes(
                    testbed,
                    victims[part::COMPARISONS],
                    found,
                    began=began + part * seconds / COMPARISONS,
                    seconds=seconds / COMPARISONS,
                )
            except Exception as error:
                found.violate(error)
            found.add(testbed, await read_databases(testbed.platform))
    return found


async def _crashes(
    testbed: Testbed, victims: list[str], found: Found, *, began: float, seconds: float
) -> None:
    """Kills one after the other, evenly over the time, each when the one before is got over."""
    async with testbed.load(breath=0.0, writers=WRITERS, readers=1).on():
        for number, victim in enumerate(victims):
            await asyncio.sleep(began + number * seconds / len(victims) - time.monotonic())
            await testbed.recovered()
            if time.monotonic() > began + seconds:
                break
            await crash(testbed, victim)
            found.kills[victim] += 1
            print(f"killed {victim}, after {len(testbed.ledger.acknowledged)} acts", flush=True)
        await testbed.recovered()


def main(minutes: float) -> int:
    began = time.monotonic()
    found = asyncio.run(run(minutes))
    took = (time.monotonic() - began) / 60
    lines = [
        f"{found.kills.total()} kills in {took:.0f} minutes under {WRITERS} writers:"
        f" {found.acknowledged} acts acknowledged of {found.intended} asked for, {found.events}"
        f" events, {found.checkpoints} checkpoints signed. {COMPARISONS} times meanwhile the acts,"
        " the events, their order and the roots of their trees were compared:"
        f" {len(found.violations)} violations.",
        "",
        *(f"- {violation}" for violation in found.violations),
        *table(("killed", "times"), sorted(found.kills.items())),
    ]
    print("\n".join(lines))
    record("crashes", f"python -m tests.campaigns.crashes {minutes:g}", lines)
    return 1 if found.violations else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES))
