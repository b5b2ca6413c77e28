"""Crashes under load: part of `make campaign-audit`; `python -m tests.campaigns.crashes MINUTES`.

kill -9 of each process, of PostgreSQL's postmaster and of single backends of it, at random moments
while writers write as fast as they can. After each round of kills the acts, the events and what was
acknowledged are compared, and the trees are built again from the events.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress

from tests.campaigns.record import record, table
from tests.faults import matrix
from tests.faults.breaking import descendants, gone
from tests.faults.ledger import truth
from tests.faults.matrix import Field

MINUTES = 10.0
KILLS_A_ROUND = 12
PROCESSES = ("audit", "catalog-opt-in", "tenant-registry", "gateway", "valkey", "postgres")
BACKEND = "a backend of postgres"
_BACKENDS_A_ROUND = 4


async def crash(ground: Field, victim: str) -> None:
    """Kills, and starts what does not come back by itself."""
    platform = ground.platform
    if victim == BACKEND:
        with suppress(ProcessLookupError):  # it ended by itself before we came
            os.kill(random.choice(descendants(platform.pid("postgres"))), signal.SIGKILL)
        return
    family = descendants(platform.pid(victim))
    await platform.kill(victim)
    await gone(family)
    await platform.start(victim)


async def round_of_crashes(ground: Field, kills: Counter[str]) -> None:
    victims = [*PROCESSES, *[BACKEND] * _BACKENDS_A_ROUND]
    async with ground.load(breath=0.0, writers=8).on() as ledger:
        for victim in random.sample(victims, len(victims)):
            seen = len(ledger.acknowledged)
            await ground.recovered()
            await crash(ground, victim)
            kills[victim] += 1
            print(f"killed {victim} after {seen} acknowledgements")
        await ground.recovered()
    ledger.check_answers()
    (await truth(ground.platform)).check(ledger)


async def run(minutes: float) -> tuple[Counter[str], Field, int]:
    ends, kills, rounds = time.monotonic() + 60 * minutes, Counter[str](), 0
    async with matrix.field() as ground:
        while not rounds or time.monotonic() < ends:
            await round_of_crashes(ground, kills)
            rounds += 1
        return kills, ground, (await truth(ground.platform)).trees.checkpoints


def main(minutes: float) -> int:
    began = time.monotonic()
    kills, ground, checkpoints = asyncio.run(run(minutes))
    ledger, took = ground.ledger, (time.monotonic() - began) / 60
    lines = [
        f"{kills.total()} kills in {took:.0f} minutes under 8 writers; {len(ledger.acknowledged)}"
        f" acts acknowledged of {len(ledger.intended)} asked for, and {checkpoints} checkpoints"
        " signed. The run compared acts, events, their order and the roots of their trees, and"
        " would have ended with an error, and without this record, at the first that disagreed.",
        "",
        *table(("killed", "times"), sorted(kills.items())),
    ]
    print("\n".join(lines))
    record("crashes", f"python -m tests.campaigns.crashes {minutes:g}", lines)
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES))
