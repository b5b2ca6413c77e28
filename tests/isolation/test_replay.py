"""A tenant's admin comes with everything that belongs to another tenant, to every operation.

Nothing of the other's is shown or changed, and what is the other's is answered as what is nobody's.
"""

import asyncio
import copy
import random
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.isolation import discovery
from tests.isolation.bodies import sample
from tests.isolation.operations import Operation, described
from tests.isolation.sizes import size
from tests.isolation.twins import Loot, Twin, loot, replayable, twin
from tests.platform import connect

REQUESTS = size(600, 200_000)
AT_ONCE = 8
TRIES, LATER = 6, {429, 503, 504}
# They differ between any two answers, or tell how much is left of a limit.
_UNCOMPARED = {"date", "content-length", "x-request-id", "x-audit-event", "retry-after"}
# Written by the platform about a tenant, not by anybody who acts on it.
_RECORDS = {"audit_leaf", "request_record"}


@dataclass
class Plan:
    """One request; `{n}` in a text stands for the n-th piece of loot or its decoy."""

    operation: Operation
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


def plan(chance: random.Random, own: str, other: str, spoils: Loot) -> Plan:
    """Draws an operation and what of the other's it is given, where."""
    operation = chance.choice(replayable())
    values, headers = spoils.values, {}

    def piece() -> str:
        return chance.choice(values)

    def fill(found: re.Match[str]) -> str:
        if found[1] == "tenant_id":
            return chance.choice([own, other])
        return re.sub(r"[/?#%\s]", "-", piece())

    path = re.sub(r"\{(\w+)\}", fill, operation.path)
    names = [p["name"] for p in operation.document.get("parameters", []) if p["in"] == "query"]
    query = {name: piece() for name in names if chance.random() < 0.25}
    for name in operation.headers:
        headers[name] = re.sub(r"[^\x21-\x7e]", "-", piece())
    if operation.path.startswith("/store"):
        headers["X-Tenant-ID"] = own
    body = None
    if operation.body is not None:
        body = _with_loot(sample(operation.body, described()["components"]), chance, piece)
    return Plan(operation, path, query, headers, body)


def _with_loot(value: Any, chance: random.Random, piece: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_loot(held, chance, piece) for name, held in value.items()}
    if isinstance(value, list):
        return [_with_loot(held, chance, piece) for held in value]
    return piece() if isinstance(value, str) and chance.random() < 0.6 else value


def decoyed(one: Plan, spoils: Loot) -> Plan:
    """Makes the same request with decoys for all that is the other's."""

    def swap(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: swap(held) for name, held in value.items()}
        if isinstance(value, list):
            return [swap(held) for held in value]
        return spoils.decoys.get(value, value) if isinstance(value, str) else value

    parts = [_unslashed(spoils).get(part, part) for part in one.path.split("/")]
    made = copy.copy(one)
    made.path, made.query, made.headers = "/".join(parts), swap(one.query), swap(one.headers)
    made.body = swap(one.body)
    return made


def _unslashed(spoils: Loot) -> dict[str, str]:
    return {re.sub(r"[/?#%\s]", "-", v): re.sub(r"[/?#%\s]", "-", d)
            for v, d in spoils.decoys.items()}  # fmt: skip


@pytest_asyncio.fixture(scope="module")
async def twins(platform, http, admin):
    paris, lyon = [await twin(platform, http, admin, letter) for letter in "pl"]
    yield paris, lyon
    for one in (paris, lyon):
        await one.http.aclose()


async def send(http: httpx.AsyncClient, one: Plan) -> httpx.Response:
    content = {} if one.body is None else {"json": one.body}
    for _ in range(TRIES):
        answer = await http.request(
            one.operation.method, one.path, params=one.query, headers=one.headers, **content
        )
        if answer.status_code not in LATER:
            break
        await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
    return answer


def sent(one: Plan) -> list[str]:
    """Lists what a request says itself, the longest first: an answer may say it back."""
    texts: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, str):
            texts.append(value)
        for held in value.values() if isinstance(value, dict) else ():
            walk(held)
        for held in value if isinstance(value, list) else ():
            walk(held)

    walk([one.query, one.headers, one.body, one.path.split("/")])
    return sorted({t for t in texts if len(t) >= 6}, key=len, reverse=True)


def seen(answer: httpx.Response) -> tuple[int, str, str]:
    """What a client sees of an answer, but for what always differs."""
    headers = "\n".join(
        f"{name}: {value}"
        for name, value in sorted(answer.headers.items())
        if name not in _UNCOMPARED and not name.startswith("ratelimit")
    )
    return answer.status_code, headers, re.sub(r'"request_id":"\w+"', "", answer.text)


def undecoyed(text: str, spoils: Loot) -> str:
    """Puts back what the decoys stand for, so that two answers can be compared."""
    both = _unslashed(spoils) | spoils.decoys
    for value in sorted(both, key=len, reverse=True):
        text = text.replace(both[value], value)
    return text


def wrong(one: Plan, answer: httpx.Response, nothing: httpx.Response,
          paris: Twin, spoils: Loot, given: set[str]) -> str:  # fmt: skip
    """Tells what an answer gave away, if anything."""
    status, headers, body = seen(answer)
    for shown in set(spoils.pattern.findall(f"{headers}\n{body}")):
        if not any(shown in text for text in given):
            return f"shows {shown}"
    if answer.is_success and paris.id in one.path:
        return f"{status} at another tenant"
    if answer.is_success or nothing.is_success:
        # Only its own may have been read or written: both found it, or what was sent made it.
        return "" if answer.status_code == nothing.status_code or one.body else "one was found"
    known = [undecoyed(str(part), spoils) for part in seen(nothing)]
    own = [undecoyed(str(part), spoils) for part in (status, headers, body)]
    return "" if own == known else f"{own} and not {known}"


async def rows_of(platform, tenant: str) -> dict[str, str]:
    """Hashes a tenant's rows, table by table, in every database."""
    found = {}
    for database in discovery.databases():
        connection = await connect(platform, database.replace("_", "-"), "superuser")
        for table in discovery.tables(database):
            if discovery.is_owned(table) and database != "audit" and table.name not in _RECORDS:
                sql = (
                    f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM \"{table.name}\" t"
                    " WHERE tenant_id = $1"
                )
                found[f"{database}.{table.name}"] = await connection.fetchval(sql, tenant)
        await connection.close()
    return found


@pytest.mark.timeout(size(600, 4 * 3600))
async def test_what_is_another_tenants_is_to_an_admin_as_what_is_nobodys(
    platform, twins, record_property
):
    paris, lyon = twins
    spoils, chance = loot(paris, lyon), random.Random(7)
    before = await rows_of(platform, paris.id)
    assert len(spoils.values) > 15
    assert any(before.values())
    gate, found, statuses = asyncio.Semaphore(AT_ONCE), [], set()
    # What was brought may be answered later from what it was written to: the other's own rows.
    given: set[str] = set()

    async def attempt() -> None:
        one = plan(chance, lyon.id, paris.id, spoils)
        decoy = decoyed(one, spoils)
        given.update(sent(one))
        async with gate:
            answer, nothing = await send(lyon.http, one), await send(lyon.http, decoy)
        statuses.add(answer.status_code)
        if flaw := wrong(one, answer, nothing, paris, spoils, given):
            found.append((one.operation.name, one.path, one.query, one.headers, one.body, flaw))

    for _ in range(0, REQUESTS, 200):
        await asyncio.gather(*(attempt() for _ in range(100)))

    record_property("requests", REQUESTS)
    assert found == []
    assert statuses >= {200, 400, 403, 404}
    assert await rows_of(platform, paris.id) == before
