"""What an opt-in costs: the time that each process keeps a core busy for it.

Its events count too: it is over when they are in their trees, signed and cosigned.
"""

from tests.load import cores, table
from tests.load.bench import Bench
from tests.load.generator import load
from tests.load.requests import opt_ins
from tests.load.world import all_proven

CONNECTIONS = (1, 16)


async def each_act(bench: Bench) -> None:
    """Prints the cost of an opt-in or opt-out at 1 and at 16 connections, by process."""
    writes = await opt_ins(bench)
    await load(bench.port, 16, 1.0, writes)  # warms up
    table.head("Opt-in, and out again: milliseconds of a core each, with their events")
    for connections in CONNECTIONS:
        await all_proven(bench.platform)
        before = cores.of_platform(bench.platform)
        result = await load(bench.port, connections, 2 * bench.seconds, writes)
        await all_proven(bench.platform)
        after = cores.of_platform(bench.platform)
        acts = result.statuses.get(200, 0)
        table.line("opt-in, and out again", connections, result, result.per_second)
        costs = {name: 1000 * (after[name] - before[name]) / acts for name in before}
        parts = ", ".join(f"{name} {cost:.2f}" for name, cost in costs.items())
        print(f"  {sum(costs.values()):.2f} ms each: {parts}", flush=True)
