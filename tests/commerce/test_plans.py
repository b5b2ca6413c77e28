"""Each statement of commerce finds its rows by an index that starts with the tenant.

PostgreSQL itself says so: it logs the plan of whatever commerce asks it while shoppers buy and
staff look around in two shops. Tables of a few rows are read whole, unless that is forbidden.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest_asyncio

from tests.commerce.orders.test_checkout import complete, ready

_SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_format": "json",
    "auto_explain.log_nested_statements": "on",
    "enable_seqscan": "off",
}
_PLAN = re.compile(r"commerce_app@commerce .*plan:\n((?:\t.*\n)+)")
_SCANS = {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}
_MOST_SECONDS = 20


@pytest_asyncio.fixture
async def plans(platform, database, http, host):
    """Has commerce's statements explained, and gives a function that reads the plans."""
    superuser = await database("commerce", "superuser")
    log = platform.state.logs / "postgres.log"
    for name, value in _SETTINGS.items():
        await superuser.execute(f"ALTER ROLE commerce_app SET {name} = '{value}'")
    await _reconnect(superuser, http, host)
    began = log.stat().st_size

    def read() -> list[dict[str, Any]]:
        text = log.read_bytes()[began:].decode()
        return [json.loads(found[1]) for found in _PLAN.finditer(text)]

    yield read
    await superuser.execute("ALTER ROLE commerce_app RESET ALL")
    await _reconnect(superuser, http, host)


async def test_each_statement_of_a_shop_begins_with_its_tenant(plans, shopper, admin, http):
    for tenant in ("paris", "hq"):
        shop = shopper(tenant)
        await complete(shop, await ready(shop, 1, 2))
        for path in await _lists(http, of="/admin/"):
            await admin.get(path, params={"limit": 5}, headers={"X-Tenant-ID": tenant})
        for path in await _lists(http, of="/store/"):
            await shop.send("GET", path)

    found = plans()

    tables = {table for one in found for table, _ in _scans(one["Plan"])}
    assert tables >= {"cart", "customer_order", "region", "tax_region"}
    flaws = {
        (table, how)
        for one in found
        for table, how in _scans(one["Plan"])
        if "tenant_id" not in how
    }
    assert flaws == set()


async def _lists(http, *, of):
    """Returns the routes that list something, and need no id for it."""
    paths = (await http.get("/openapi.json")).raise_for_status().json()["paths"]
    return [
        path
        for path, methods in paths.items()
        if path.startswith(of) and "get" in methods and "{" not in path
    ]


def _scans(node: dict[str, Any], table: str = "") -> Iterator[tuple[str, str]]:
    """Gives each table that a plan reads, and the condition by which it finds rows there."""
    kind, table = node["Node Type"], node.get("Relation Name", table)
    if kind == "Seq Scan":
        yield table, "all rows"
    elif kind in _SCANS:
        yield table, node.get("Index Cond", f"all of {node['Index Name']}")
    for inner in node.get("Plans", ()):
        yield from _scans(inner, table)


async def _reconnect(superuser, http, host):
    """Ends commerce's connections, and waits until it serves with new ones."""
    await superuser.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'commerce_app'"
    )
    async with asyncio.timeout(_MOST_SECONDS):
        good = 0
        while good < 3:
            answer = await http.post("/store/carts", json={}, headers=host("paris"))
            good = good + 1 if answer.status_code == 200 else 0
            await asyncio.sleep(0.05)
