"""A tenant's admin comes with everything that belongs to another tenant, to every operation.

Nothing of the other's is shown or changed, and what is the other's is answered as what is nobody's.
"""

import asyncio
import random
import re
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.isolation import discovery
from tests.isolation.bodies import content
from tests.isolation.paired_tenants import (
    ForeignValues,
    PairedTenant,
    foreign_values,
    paired_tenant,
)
from tests.isolation.replay_plans import (
    Plan,
    random_plan,
    targeted_plans,
    with_decoys,
    without_decoys,
)
from tests.isolation.sizes import size
from tests.platform import connect

REQUESTS = size(200, 200_000)
AT_ONCE = 8
TRIES, LATER = 6, {429, 503, 504}
# They differ between any two answers, or tell how much is left of a limit.
_UNCOMPARED = {"date", "content-length", "x-request-id", "x-audit-event", "retry-after"}
# On their way to the audit service; who is refused at a tenant leaves one there too.
_ON_THEIR_WAY = {"audit_leaf", "pending"}


@pytest_asyncio.fixture(scope="module")
async def twins(platform, http, admin):
    paris, lyon = [await paired_tenant(platform, http, admin, letter) for letter in "pl"]
    yield paris, lyon
    for one in (paris, lyon):
        await one.http.aclose()


async def send(http: httpx.AsyncClient, one: Plan) -> httpx.Response:
    sent_body = content(one.body, takes_files=one.operation.takes_files)
    for _ in range(TRIES):
        answer = await http.request(
            one.operation.method, one.path, params=one.query, headers=one.headers, **sent_body
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

    walk([one.query, one.headers, one.body, one.path, *one.path.split("/")])
    return sorted({t for t in texts if len(t) >= 6}, key=len, reverse=True)


def seen(answer: httpx.Response) -> tuple[int, str, str]:
    """What a client sees of an answer, but for what always differs."""
    headers = "\n".join(
        f"{name}: {value}"
        for name, value in sorted(answer.headers.items())
        if name not in _UNCOMPARED and not name.startswith("ratelimit")
    )
    return answer.status_code, headers, re.sub(r'"request_id":"\w+"', "", answer.text)


def wrong(one: Plan, answer: httpx.Response, nothing: httpx.Response,
          twins: tuple[PairedTenant, PairedTenant], foreign: ForeignValues, given: set[str],
          *, is_made: bool) -> str:  # fmt: skip
    """Tells what an answer gave away, if anything; `is_made`: the decoy is there by now."""
    paris, lyon = twins
    status, headers, body = seen(answer)
    for value in set(foreign.pattern.findall(f"{headers}\n{body}")):
        if not any(value in text for text in given):
            return f"shows {value}"
    if answer.is_success and (paris.id in one.path or one.is_a_machines):
        return f"{status} at another tenant"
    if answer.is_success or nothing.is_success:
        # Only its own may have been read or written: both found it, or what was sent made it.
        is_own = answer.status_code == nothing.status_code or one.body or is_made
        return "" if is_own else "one was found"
    known = [without_decoys(str(part), lyon.id, foreign) for part in seen(nothing)]
    own = [without_decoys(str(part), lyon.id, foreign) for part in (status, headers, body)]
    return "" if own == known else f"{own} and not {known}"


async def rows_of(platform, tenant: str) -> dict[str, set[str]]:
    """Reads a tenant's rows, table by table, in every database."""
    found = {}
    for database in discovery.databases():
        connection = await connect(platform, database.replace("_", "-"), "superuser")
        for table in discovery.tables(database):
            if discovery.is_owned(table) and table.name not in _ON_THEIR_WAY:
                # When a key was last used is noted of whoever uses it.
                sql = (
                    f"SELECT to_jsonb(t) - 'last_use_time' FROM \"{table.name}\" t"
                    " WHERE tenant_id = $1"
                )
                rows = await connection.fetch(sql, tenant)
                found[f"{database}.{table.name}"] = {row[0] for row in rows}
        await connection.close()
    return found


async def until_logged(platform, tenant: str) -> None:
    """Waits until all that was done at a tenant is in its log, and has a place there."""
    for database in discovery.databases():
        connection = await connect(platform, database.replace("_", "-"), "superuser")
        for table in discovery.tables(database):
            if table.name in _ON_THEIR_WAY:
                sql = f'SELECT EXISTS (SELECT FROM "{table.name}" WHERE tenant_id = $1)'
                while await connection.fetchval(sql, tenant):
                    await asyncio.sleep(0.05)
        await connection.close()


def changed(before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, set[str]]:
    """Tells which rows are not as they were; a log may have grown by refusals alone."""
    found = {name: rows ^ after[name] for name, rows in before.items() if rows != after[name]}
    for name in [name for name in found if name.startswith("audit.")]:
        is_refusals = all('"DENIED"' in row for row in found[name]) or name != "audit.event"
        if before[name] <= after[name] and is_refusals:
            del found[name]
    return found


@pytest.mark.timeout(size(600, 4 * 3600))
async def test_values_of_another_tenant_get_the_same_answers_as_unknown_ones(
    platform, twins, record_property
):
    paris, lyon = twins
    foreign, chance = foreign_values(paris, lyon), random.Random(7)
    assert len(foreign.values) > 15
    assert all(foreign.accepted[name] for name in ("authorization", "page_token", "key_id"))
    await until_logged(platform, paris.id)
    before = await rows_of(platform, paris.id)
    gate, found, statuses = asyncio.Semaphore(AT_ONCE), [], set()
    # What was brought may be answered later from what it was written to: the other's own rows. And
    # whose key was tried is in the log of the tenant at which it was.
    given = {f"tenants/{paris.id}/apiKeys/{key}" for key in foreign.accepted["key_id"]}
    brought: set[str] = set()

    async def attempt(one: Plan) -> None:
        decoy = with_decoys(one, lyon.id, foreign)
        given.update(sent(one))
        async with gate:
            answer, nothing = await send(lyon.http, one), await send(lyon.http, decoy)
        statuses.add(answer.status_code)
        # A host that nobody had is the twin's from then on, and found under its name.
        is_made = not answer.is_success and not brought.isdisjoint(sent(decoy))
        if decoy.body is not None and nothing.is_success:
            brought.update(sent(decoy))
        if flaw := wrong(one, answer, nothing, twins, foreign, given, is_made=is_made):
            found.append((one.operation.name, one.path, one.query, one.headers, one.body, flaw))

    first = list(targeted_plans(lyon.id, paris.id, foreign, chance))
    await asyncio.gather(*map(attempt, first))
    assert found == [], "\n".join(map(str, found[:5]))
    for _ in range(0, REQUESTS, 200):
        draws = [random_plan(lyon.id, paris.id, foreign, chance) for _ in range(100)]
        await asyncio.gather(*map(attempt, draws))
        assert found == [], "\n".join(map(str, found[:5]))

    record_property("requests", 2 * len(first) + REQUESTS)
    assert statuses >= {200, 400, 403, 404}
    assert 500 not in statuses
    await until_logged(platform, paris.id)
    assert changed(before, await rows_of(platform, paris.id)) == {}
