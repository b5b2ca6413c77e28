"""What clients meant to do, what they were told is done, and whether that is what happened.

The way of Jepsen: each writer notes its intent before it asks and the acknowledgement after it, and
repeats what failed under the same Idempotency-Key until it is acknowledged. At the end the rows in
the services' databases, the events in the audit database and the notes are compared.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from deploy.local.platform import LocalPlatform
from gateway.request_state import REQUEST_SECONDS
from tests.faults.audit_trees import TreeCheck, check_trees
from tests.platform import connect

DELIVERED_WITHIN_SECONDS = 30
SLACK_SECONDS = 5.0
COLLECTION, DOMAIN, REMOVAL, ORDER = "collection", "domain", "removal", "order"
_METHODS = {
    "CreateCollection": COLLECTION,
    "CreateDomain": DOMAIN,
    "DeleteDomain": REMOVAL,
    "CompleteCart": ORDER,
}

_ON_THEIR_WAY = (
    ("catalog-opt-in", "audit_leaf"),
    ("tenant-registry", "audit_leaf"),
    ("commerce", "audit_leaf"),
    ("audit", "pending"),
)

Act = tuple[str, str]
"""What kind of act, and the name that only this one has: a collection's title, a domain's host, the
e-mail address of an order."""


@dataclass
class Ledger:
    """The notes of all writers and readers."""

    intended: set[Act] = field(default_factory=set)
    acknowledged: set[Act] = field(default_factory=set)
    reads: Counter[int] = field(default_factory=Counter)
    writes: Counter[int] = field(default_factory=Counter)
    """Answers by status; 0 when there was none."""
    losses: Counter[str] = field(default_factory=Counter)
    """Why there was none."""
    slowest_read: float = 0.0
    slowest_write: float = 0.0
    leaks: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """Starts to count answers and times anew; what was done is kept."""
        self.reads, self.writes = Counter(), Counter()
        self.slowest_read = self.slowest_write = 0.0

    def read(self, status: int, began: float) -> None:
        self.reads[status] += 1
        self.slowest_read = max(self.slowest_read, time.monotonic() - began)
        self.changed.set()

    def write(self, status: int, began: float) -> None:
        self.writes[status] += 1
        self.slowest_write = max(self.slowest_write, time.monotonic() - began)
        self.changed.set()

    @property
    def answers(self) -> int:
        """How many there were, well or not."""
        return self.reads.total() + self.writes.total()

    async def wait_for_answers(self, *, reads: int, writes: int, within: float) -> None:
        """Waits until that many of both were answered since `begin`, well or not."""
        async with asyncio.timeout(within):
            while self.reads.total() < reads or self.writes.total() < writes:
                self.changed.clear()
                await self.changed.wait()

    def check_answers(self) -> None:
        """No answer of one tenant holds another's word, and none came later than it may."""
        assert not self.leaks
        assert max(self.slowest_read, self.slowest_write) < REQUEST_SECONDS + SLACK_SECONDS


@dataclass(frozen=True)
class DatabaseState:
    """What the databases say, once all events are delivered."""

    rows: Counter[Act]
    """The collections, domains and orders that are there."""
    numbers: list[tuple[str, list[int]]]
    """The numbers of each tenant's orders, sorted."""
    events: Counter[Act]
    trees: TreeCheck

    def check(self, ledger: Ledger) -> None:
        """Compares what is there, what was told of it, and what the writers noted."""
        made = Counter({act: n for act, n in self.events.items() if act[0] != REMOVAL})
        removed = {(DOMAIN, host) for kind, host in self.events if kind == REMOVAL}
        there = set(self.rows)
        assert {act: n for act, n in self.rows.items() if n != 1} == {}, "done twice"
        assert {act: n for act, n in self.events.items() if n != 1} == {}, "told twice"
        assert set(made) == there | removed, "an act without its event, or an event without its act"
        assert not there & removed, "told of as removed, and there"
        assert ledger.acknowledged <= set(self.events), "acknowledged, and not done"
        assert set(self.events) <= ledger.intended, "done, and nobody asked for it"
        for tenant, numbers in self.numbers:
            assert numbers == list(range(1, len(numbers) + 1)), f"{tenant}'s orders: {numbers}"
        assert not self.trees.flaws


async def read_databases(platform: LocalPlatform) -> DatabaseState:
    """Waits for what is on its way to audit, and reads all databases."""
    await _delivered(platform)
    collections = await _read(
        platform, "catalog-opt-in", "SELECT title, 'collections/' || collection_id FROM collection"
    )
    domains = await _read(platform, "tenant-registry", "SELECT host, host FROM domain")
    orders = await _read(
        platform,
        "commerce",
        "SELECT email, 'tenants/' || tenant_id || '/orders/' || order_id FROM customer_order",
    )
    rows = [(COLLECTION, title) for title, _ in collections]
    rows += [(DOMAIN, host) for host, _ in domains]
    rows += [(ORDER, email) for email, _ in orders]
    titles = {name: title for title, name in (*collections, *orders)}
    events = await _read(
        platform,
        "audit",
        "SELECT split_part(method, '/', 2), resource FROM event"
        " WHERE outcome = 'DONE' AND split_part(method, '/', 2) = ANY ($1)",
        list(_METHODS),
    )
    event_rows = (
        (_METHODS[m], titles.get(name, name.rpartition("/domains/")[2])) for m, name in events
    )
    numbers = await _read(
        platform,
        "commerce",
        "SELECT tenant_id, array_agg(display_id ORDER BY display_id) FROM customer_order"
        " GROUP BY tenant_id",
    )
    return DatabaseState(Counter(rows), numbers, Counter(event_rows), await check_trees(platform))


async def _read(
    platform: LocalPlatform, service: str, query: str, *args: object
) -> list[tuple[str, Any]]:
    connection = await connect(platform, service, "superuser")
    try:
        return [(row[0], row[1]) for row in await connection.fetch(query, *args)]
    finally:
        await connection.close()


async def _delivered(platform: LocalPlatform) -> None:
    """Waits until every leaf is an event, and every event has its place in a tree."""
    ends = time.monotonic() + DELIVERED_WITHIN_SECONDS
    for service, table in _ON_THEIR_WAY:
        connection = await connect(platform, service, "superuser")
        while left := await connection.fetchval(f"SELECT count(*) FROM {table}"):
            assert time.monotonic() < ends, f"{service} still has {left} in {table}"
            await asyncio.sleep(0.1)
        await connection.close()
