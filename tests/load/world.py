"""Makes a large world to measure on: `./dev bench-world TENANTS PRODUCTS [FOLDER]`.

It stays in a state folder of its own; SOUK_BENCH_STATE=FOLDER ./dev bench SECTION measures on it.
"""

import asyncio
import sys
import time
from pathlib import Path

import uvloop

from deploy.local.platform import LocalPlatform
from deploy.local.settings import RunnerSettings
from deploy.local.state import default_folder
from tests import platform as platforms
from tests.load import registry_worlds, worlds


async def main(tenants: int, products: int, folder: Path) -> None:
    began = time.monotonic()

    def report(line: str) -> None:
        print(f"souk {time.monotonic() - began:6.1f} s  {line}", flush=True)

    report(f"a world of {tenants} tenants and {products} products in {folder}")
    settings = RunnerSettings(state=folder, port=0)
    async with LocalPlatform(settings, report=report) as platform:
        listings = await grow(platform, tenants=tenants, products=products, report=report)
    report(f"{listings} listings; measure with SOUK_BENCH_STATE={folder} ./dev bench requests")


async def grow(
    platform: LocalPlatform,
    *,
    tenants: int,
    products: int,
    report: worlds.Report = lambda step: None,
    first: int = 2,
) -> int:
    """Makes the tenants from `first` on, and all products; returns how many listings there are."""
    catalogue = await platforms.connect(platform, "catalog-opt-in", "superuser")
    registry = await platforms.connect(platform, "tenant-registry", "superuser")
    try:
        await worlds.found(catalogue)
        count = await worlds.grow(catalogue, tenants=tenants, products=products, report=report)
        report("tenants, hosts, roles")
        await registry_worlds.grow(registry, platform.secrets, first=first, last=tenants)
    finally:
        await catalogue.close()
        await registry.close()
    report("events, trees and checkpoints")
    await all_proven(platform, report=report)
    return count


async def all_proven(platform: LocalPlatform, *, report: worlds.Report = lambda step: None) -> None:
    """Waits until every event has its place."""
    registry = await platforms.connect(platform, "tenant-registry", "superuser")
    audit = await platforms.connect(platform, "audit", "superuser")
    reported = time.monotonic()
    try:
        while left := await registry.fetchval("SELECT count(*) FROM audit_leaf") + (
            await audit.fetchval("SELECT count(*) FROM pending")
        ):
            if time.monotonic() - reported > 5:
                reported = time.monotonic()
                report(f"{left} events are left")
            await asyncio.sleep(0.2)
    finally:
        await registry.close()
        await audit.close()


def default_state() -> Path:
    return default_folder().with_name(f"{default_folder().name}-bench")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit("usage: ./dev bench-world TENANTS PRODUCTS [FOLDER]")
    folder = Path(sys.argv[3]).absolute() if len(sys.argv) == 4 else default_state()
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), folder))
