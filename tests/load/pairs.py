"""Two ways to ask for the same page, in turns, so that what the machine does besides cancels out.

Rates tell what a client sees; the time that the gateway's core was busy tells it with less noise.
"""

from collections.abc import Awaitable, Callable
from statistics import median, quantiles

from tests.load import cores, table
from tests.load.bench import LIST, SHOPPER, Bench, request, same
from tests.load.generator import NextRequest, Result, load

CONNECTIONS = 16
ROUNDS = 12
SLICE = 6
"""Of a line's seconds, one in so many goes to each turn."""

Before = Callable[[], Awaitable[object]]


async def limiter(bench: Bench) -> None:
    """Prints what counting costs a read: the shop on a plan that is counted, and on none."""
    read = same(request("GET", LIST, SHOPPER))

    def on(plan: str) -> Before:
        return lambda: bench.post("/admin/tenants/paris/plan", {"plan": plan})

    table.head("Limits, on a product list")
    await _compare(
        bench,
        ("plan unlimited (the floor)", read, on("unlimited")),
        ("plan large, counted", read, on("large")),
    )


async def publishable_key(bench: Bench) -> None:
    """Prints what it costs that a shop is named by its publishable key instead of by its host."""
    body = {"type": "publishable", "title": "Bench"}
    made = await bench.post("/admin/tenants/paris/api-keys", body)
    by_key = {"host": "localhost", "x-publishable-api-key": made.json()["api_key"]["token"]}

    async def nothing() -> None: ...

    table.head("The shop's name, on a product list")
    await _compare(
        bench,
        ("by host (the floor)", same(request("GET", LIST, SHOPPER)), nothing),
        ("by publishable key", same(request("GET", LIST, by_key)), nothing),
    )


async def _compare(bench: Bench, *ways: tuple[str, NextRequest, Before]) -> None:
    turns: list[list[Result]] = [[] for _ in ways]
    costs: list[list[float]] = [[] for _ in ways]
    for n in range(-1, ROUNDS):  # the first warms up
        for which in (0, 1) if n % 2 else (1, 0):
            _, next_request, before = ways[which]
            await before()
            began = core_seconds(bench)
            turn = await load(bench.port, CONNECTIONS, bench.seconds / SLICE, next_request)
            if n >= 0:
                turns[which].append(turn)
                costs[which].append((core_seconds(bench) - began) / len(turn.latencies))
    floor = sum(turns[0], start=Result())
    for (name, *_), results, cost in zip(ways, turns, costs, strict=True):
        table.line(name, CONNECTIONS, sum(results, start=Result()), floor.per_second)
        print(f"  {1e6 * median(cost):.0f} µs of the gateway's core each")
    ratios = [here / there for here, there in zip(*costs, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    print(f"  ratio by that {median(ratios):.3f}; half of {ROUNDS} rounds {low:.3f} to {high:.3f}")


def core_seconds(bench: Bench) -> float:
    """How long the gateway has been at work, whatever else kept it waiting."""
    return cores.of_process(bench.platform.pid("gateway"))
