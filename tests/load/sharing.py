"""What the visitors of one shop notice of a flood in another.

The flood comes from a process of its own, or the visitors would wait for it here already.
"""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import uvloop

from tests.load import table
from tests.load.bench import LIST, PARIS, Bench, request, same
from tests.load.generator import Result, load

FLOOD = 64
VISITORS = 2
QUIET = "impactnutrition.com.tn"
_AHEAD = 1.0


def flood(port: int, seconds: float) -> Result:
    return uvloop.run(load(port, FLOOD, seconds, same(request("GET", LIST, {"host": PARIS}))))


async def each_neighbour(bench: Bench) -> None:
    """Prints the visitors alone, beside a flood within its limits, and beside one over them."""
    visit = same(request("GET", "/store/products?limit=1", {"host": QUIET}))
    table.head(f"{VISITORS} visitors of one shop, beside {FLOOD} connections to another")
    visitors = partial(load, bench.port, VISITORS, bench.seconds, visit)
    with ProcessPoolExecutor(1, get_context("spawn")) as elsewhere:
        alone = await visitors()
        table.line("visitors alone (the floor)", VISITORS, alone, alone.per_second)
        for plan, name in (("large", "within its limits"), ("trial", "over its limits")):
            await bench.post("/admin/tenants/paris/plan", {"plan": plan})
            flooding = asyncio.get_running_loop().run_in_executor(
                elsewhere, flood, bench.port, bench.seconds + 2 * _AHEAD
            )
            await asyncio.sleep(_AHEAD)
            beside = await visitors()
            table.line(f"visitors beside a flood {name}", VISITORS, beside, alone.per_second)
            table.line(f"that flood, {name}", FLOOD, await flooding, alone.per_second)
            print(f"  p50 {beside.percentile(50) / alone.percentile(50):.2f} times that alone")
    await bench.post("/admin/tenants/paris/plan", {"plan": "large"})
