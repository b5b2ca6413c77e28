"""What grows with the number of tenants: looked-up hosts, writes by admins, new tenants, rest.

Each line is measured on one platform while it grows; its floor is the smallest world.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from statistics import median, quantiles

import asyncpg
import httpx

from tests import platform as platforms
from tests.load import cores, memory, world
from tests.load.bench import Bench, credentials
from tests.load.registry_worlds import ADMIN_OF_ONE

SIZES = (50, 1_000, 10_000)
"""Tenants, and products."""
TIMES = 100
COLD = 30
"""A client at one address may cause no more look-ups at once than 40."""
RESTING_SECONDS = 20
COLD_HOST = "a host that no memory knows"

Act = Callable[[], Awaitable[httpx.Response]]
Line = tuple[float, float, float]
"""Milliseconds of one: the median, the 99th percentile, and those of all cores."""


async def each_curve(bench: Bench) -> None:
    """Prints a table of each line at each size."""
    lines: dict[str, list[Line]] = {}
    rest: list[str] = []
    numbers, first = count(), 2
    for tenants in SIZES:
        await world.grow(bench.platform, tenants=tenants, products=tenants, first=first)
        for name, act in (await _acts(bench, numbers, first, tenants)).items():
            times = COLD if name == COLD_HOST else TIMES
            lines.setdefault(name, []).append(await _measured(bench, act, times=times))
        rest.append(await _at_rest(bench, tenants))
        first = tenants + 1
    for name, measured in lines.items():
        print(f"\n{name}\n{'tenants':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}{'ratio':>9}")
        for tenants, (middle, last, cpu) in zip(SIZES, measured, strict=True):
            ratio = cpu / measured[0][2]
            print(f"{tenants:>9}{middle:>9.1f}{last:>9.1f}{cpu:>9.2f}{ratio:>9.2f}", flush=True)
    print("\nAt rest", *rest, sep="\n", flush=True)


async def _acts(bench: Bench, numbers: Iterator[int], first: int, last: int) -> dict[str, Act]:
    """Makes what is measured; hosts are of tenants first to last, which nobody has asked for."""
    fresh = iter(range(first, last + 1))
    one = {**credentials(bench.platform), "email": ADMIN_OF_ONE}
    login = await bench.client.post("/auth/user/emailpass", json=one)
    of_one = {"authorization": f"Bearer {login.json()['token']}"}

    async def cold_host() -> httpx.Response:
        headers = {"host": f"shop-{next(fresh)}.bench.example"}
        return await bench.client.get("/store/regions", headers=headers)

    async def write(headers: dict[str, str]) -> httpx.Response:
        body = {"display_name": f"Shop {next(numbers)}"}
        return await bench.client.patch("/admin/tenants/shop-2", json=body, headers=headers)

    async def new_tenant() -> httpx.Response:
        tenant = {
            "id": f"made-{next(numbers)}",
            "display_name": "Made",
            "country_code": "fr",
            "currency_code": "eur",
            "default_locale": "fr",
        }
        return await bench.client.post("/admin/tenants", json=tenant, headers=bench.admin)

    return {
        COLD_HOST: cold_host,
        "a write by an admin of all tenants": lambda: write(bench.admin),
        "a write by an admin of one tenant": lambda: write(of_one),
        "a new tenant": new_tenant,
    }


async def _measured(bench: Bench, act: Act, *, times: int) -> Line:
    """Does it many times, and waits for its events: they are part of its cost."""
    for _ in range(3):
        (await act()).raise_for_status()
    await world.all_proven(bench.platform)
    took, before = [], sum(cores.of_platform(bench.platform).values())
    for _ in range(times):
        began = time.perf_counter()
        answer = await act()
        took.append(1000 * (time.perf_counter() - began))
        assert answer.is_success, answer.text
    await world.all_proven(bench.platform)
    busy = sum(cores.of_platform(bench.platform).values()) - before
    return median(took), quantiles(took, n=100)[98], 1000 * busy / times


async def _at_rest(bench: Bench, tenants: int) -> str:
    connection = await platforms.connect(bench.platform, "audit", "superuser")
    try:
        await asyncio.sleep(2)
        before, sent = cores.of_platform(bench.platform), await _transactions(connection)
        await asyncio.sleep(RESTING_SECONDS)
        after = cores.of_platform(bench.platform)
        # Less the one that asks.
        sent = (await _transactions(connection) - sent - 1) / RESTING_SECONDS
    finally:
        await connection.close()
    busy = {name: 100 * (after[name] - before[name]) / RESTING_SECONDS for name in after}
    held = memory.of_platform(bench.platform)
    return (
        f"{tenants:>9} tenants: {sum(busy.values()):.1f} % of a core"
        f" ({', '.join(f'{name} {part:.1f}' for name, part in busy.items())}),"
        f" {sent:.1f} transactions/s, {sum(held.values()):.0f} MB"
        f" ({', '.join(f'{name} {size:.0f}' for name, size in held.items())})"
    )


async def _transactions(connection: asyncpg.Connection) -> float:
    sent: float = await connection.fetchval(
        "SELECT sum(xact_commit + xact_rollback)::float FROM pg_stat_database"
        " WHERE datname IN ('audit', 'catalog_opt_in', 'tenant_registry')"
    )
    return sent
