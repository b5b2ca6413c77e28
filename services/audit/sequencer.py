"""Assigns events their places in their tenant's tree, and signs checkpoints.

Only one sequencer works at a time, under a lock that ends with its transaction, so an interruption
leaves nothing behind. Places are also primary keys, so none could be assigned twice anyway.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit import tree_batches, trees
from services.audit.messages import is_signed
from services.audit.models import PLATFORM_LOG
from services.audit.tree_heads import HeadsMismatch, TreeHeads
from services.audit.wakers import Wakers
from services.kernel.call.errors import ServiceError
from services.kernel.data.database import Database
from services.kernel.evidence import merkle, sealed_form, signed_notes
from services.kernel.evidence.audit import format_time
from services.kernel.evidence.event_signatures import EventKeys
from services.kernel.process.logs import logger
from services.kernel.process.pauses import pause
from services.kernel.process.secret_files import Secret
from services.kernel.serving.server import Runtime

MOST_AT_ONCE = 1000
# Events close together get one checkpoint: signing and proving cost more than placing.
_LINGER_SECONDS = 0.25
# Only for events that another instance recorded before it ended: new ones wake the sequencer.
_POLL_SECONDS = 5.0
# How often trees that were left alone are checked again, and all heads: the latter reads each
# tenant's newest, so with many tenants it is done less often, within one percent of the time.
_REPORT_SECONDS, _LONGEST_REPORT_SECONDS = 10.0, 60.0
_REPORT_SHARE = 0.01
_LATE_SECONDS = 5.0

_log = logger()


class BrokenTree(Exception):
    """A tree contradicts its last signed checkpoint, so nothing is added or signed."""


async def run(runtime: Runtime, *, wakers: Wakers) -> None:
    """Sequences until it is cancelled."""
    settings = runtime.settings
    key = settings.secret_file("checkpoint.key", signed_notes.LogKey)
    public_keys = settings.secret_file("checkpoint.pub", signed_notes.read_keys)
    event_keys = settings.secret_file("services.pub", EventKeys.read)
    await Sequencer(runtime.db, key, public_keys, event_keys).work(wakers)


class Sequencer:
    def __init__(
        self,
        db: Database,
        key: Secret[signed_notes.LogKey],
        public_keys: Secret[list[signed_notes.Key]],
        event_keys: Secret[EventKeys],
    ) -> None:
        self._db = db
        self._key = key
        self._public_keys = public_keys
        self._event_keys = event_keys
        self._reported, self._report_seconds = time.monotonic(), _REPORT_SECONDS
        self._is_locked_out = False
        self._broken: set[str] = set()
        self._unsigned: set[tuple[str, str]] = set()
        self._heads = TreeHeads()
        self._heads_match: bool | None = None  # None: check before signing

    async def work(self, wakers: Wakers) -> None:
        while True:
            sequenced, is_unfinished = 0, True
            wakers.recorded.clear()
            skipped = len(self._broken) + len(self._unsigned)
            try:
                sequenced = await self.sequence()
                # What was just found to be skipped may have hidden others behind it.
                is_unfinished = (
                    self._is_locked_out or len(self._broken) + len(self._unsigned) > skipped
                )
                if time.monotonic() - self._reported > self._report_seconds:
                    self._reported = time.monotonic()
                    await self._report()
            except ServiceError as error:
                _log.warning("audit_sequencer_waits", reason=error.reason)
            except Exception:
                # It must survive any error: without it, nothing is proven any more.
                _log.exception("audit_sequencer_broke")
            if sequenced:
                wakers.signed.set()
            elif not is_unfinished:
                await pause(_POLL_SECONDS, wakers.recorded)
            if sequenced < MOST_AT_ONCE:
                await asyncio.sleep(_LINGER_SECONDS)

    async def sequence(self) -> int:
        """Assigns places to one batch of events, all or none; returns their number.

        A tampered tree, and an event that its service has not signed, is skipped and logged every
        ten seconds, or more rarely with many tenants. If heads of tenants are missing or differ
        from the platform's tree, nothing is signed.
        """
        if self._heads_match is False:
            return 0
        signed: dict[str, int] = {}
        try:
            count = await self._sequence_batch(signed)
        except HeadsMismatch as reason:
            self._heads_match = False
            _log.error("audit_tree_broken", log=PLATFORM_LOG, reason=str(reason))
            return 0
        self._heads.add(signed)
        return count

    async def _sequence_batch(self, signed: dict[str, int]) -> int:
        began = time.monotonic()
        if self._heads_match is None:
            await self._read_heads()
        async with self._db.housekeeping() as session:
            # Who holds the lock may not have seen the newest events.
            self._is_locked_out = not await trees.take_lock(session)
            if self._is_locked_out:
                return 0
            if self._heads_match is None:
                await self._heads.check_complete(session)
                self._heads_match = True
                due = (time.monotonic() - began) / _REPORT_SHARE
                self._report_seconds = min(max(due, _REPORT_SECONDS), _LONGEST_REPORT_SECONDS)
            pending = await trees.pending_events(
                session,
                MOST_AT_ONCE,
                excluding_tenants=list(self._broken),
                excluding_events=list(self._unsigned),
            )
            unsigned = [event for event in pending if event.signature is None]
            if unsigned and not self._heads.signing_has_begun:
                return await self._extend_trees(session, unsigned, signed)
            return await self._extend_trees(session, self._signed_events(pending), signed)

    def _signed_events(self, pending: Sequence[trees.PendingEvent]) -> list[trees.PendingEvent]:
        """Leaves out what no service has signed: somebody wrote it into the database."""
        signed_events = [event for event in pending if self._is_signed(event)]
        unsigned_keys = {event.key for event in pending} - {event.key for event in signed_events}
        if unsigned_keys:
            first = "tenants/{}/events/{}".format(*min(unsigned_keys))
            _log.error("audit_events_unsigned", events=len(unsigned_keys), first=first)
            self._unsigned |= unsigned_keys
        return signed_events

    def _is_signed(self, event: trees.PendingEvent) -> bool:
        facts = sealed_form.document(event.envelope)
        if facts is None or event.signature is None:
            return False
        names_this_event = facts.get("event") == "tenants/{}/events/{}".format(*event.key)
        return names_this_event and is_signed(
            event.envelope, facts, event.signature, self._event_keys, including_revoked=False
        )

    async def _read_heads(self) -> None:
        """Reads new heads without the lock: at the start they are many, and others must go on."""
        added = 1
        while added:
            async with self._db.housekeeping() as session:
                added = await self._heads.read_newer(session)

    async def _extend_trees(
        self, session: AsyncSession, pending: Sequence[trees.PendingEvent], signed: dict[str, int]
    ) -> int:
        if not pending:
            return 0
        by_tenant: dict[str, list[trees.PendingEvent]] = defaultdict(list)
        for event in pending:
            by_tenant[event.tenant].append(event)
        stored = await tree_batches.stored_trees(session, [PLATFORM_LOG, *by_tenant])
        last = await trees.last_platform_checkpoint(session)
        platform = self._verified(PLATFORM_LOG, stored[PLATFORM_LOG], last.note if last else None)
        if platform is None:
            return 0
        count, heads, rows = 0, list[bytes](), tree_batches.NewRows()
        for tenant, events in by_tenant.items():
            tree = self._verified(tenant, stored[tenant], stored[tenant].note)
            if tree is not None:
                head_idx = platform.size + len(heads)
                heads.append(self._extend(rows, stored[tenant], tree, events, head_idx))
                signed[tenant] = tree.size
                count += len(events)
        if heads:
            rows.append(PLATFORM_LOG, platform, heads)
            await rows.store(session)
            note = self._sign(signed_notes.PLATFORM_ORIGIN, platform)
            await trees.add_platform_checkpoint(session, platform.size, note)
        return count

    def _extend(
        self,
        rows: tree_batches.NewRows,
        stored: tree_batches.StoredTree,
        tree: merkle.Frontier,
        events: Sequence[trees.PendingEvent],
        head_idx: int,
    ) -> bytes:
        """Adds events to a tenant's tree, all with or all without a signature, and signs it.

        Returns the tree's head, its leaf for the platform's tree.
        """
        tenant, are_signed = events[0].tenant, events[0].signature is not None
        rows.entries.extend(
            (tenant, idx, event.event_id) for idx, event in enumerate(events, tree.size)
        )
        rows.append(tenant, tree, [event.envelope for event in events])
        head = _head(tenant, tree, _signed_from(stored) if are_signed else None)
        note = self._sign(signed_notes.origin(tenant), tree)
        rows.checkpoints.append((tenant, tree.size, note, head, head_idx))
        return head

    def _sign(self, origin: str, tree: merkle.Frontier) -> str:
        return self._key().sign(signed_notes.Checkpoint(origin, tree.size, tree.root))

    def _verified(
        self, log: str, stored: tree_batches.StoredTree, note: str | None
    ) -> merkle.Frontier | None:
        """Checks a tree against its last signed checkpoint.

        Otherwise, rewritten tables would be signed with the next checkpoint.
        """
        try:
            if stored.frontier is None:
                raise BrokenTree("a node is missing")
            self._compare(log, stored.frontier, note)
        except (BrokenTree, signed_notes.InvalidNote) as error:
            _log.error("audit_tree_broken", log=log, reason=str(error))
            self._broken.add(log)
            return None
        return stored.frontier

    def _compare(self, log: str, tree: merkle.Frontier, note: str | None) -> None:
        origin = signed_notes.PLATFORM_ORIGIN if log == PLATFORM_LOG else signed_notes.origin(log)
        computed = signed_notes.Checkpoint(origin, tree.size, tree.root)
        signed = signed_notes.Checkpoint(origin, 0, merkle.EMPTY)
        if note:
            signed = signed_notes.verified(note, self._public_keys.again())
        newest = self._heads.newest(log)
        if signed.size < newest:
            raise BrokenTree(f"the checkpoint of size {newest}, signed before, is gone")
        if computed != signed:
            raise BrokenTree(
                f"the tree of size {tree.size} is not its last checkpoint, of size {signed.size}"
            )

    async def _report(self) -> None:
        """Logs events that have waited long, and lets broken trees be checked again."""
        self._broken.clear()
        self._unsigned.clear()
        self._heads_match = None
        async with self._db.housekeeping() as session:
            count, oldest = await trees.backlog(session)
        if count and (datetime.now(UTC) - oldest).total_seconds() > _LATE_SECONDS:
            _log.warning("audit_sequencer_late", events=count, oldest=oldest.isoformat())


def _signed_from(stored: tree_batches.StoredTree) -> int:
    """Returns the place from which on all events of a log are signed by their services."""
    if stored.head is None:
        return 0
    # Up to the last head that does not say so, events may be from before services signed.
    return int(json.loads(stored.head).get("signed_from", stored.size))


def _head(tenant: str, tree: merkle.Frontier, signed_from: int | None) -> bytes:
    """Makes the leaf of the platform's tree for a tenant's tree."""
    facts: dict[str, str | int] = {
        "log": signed_notes.origin(tenant),
        "size": tree.size,
        "root": tree.root.hex(),
        "time": format_time(datetime.now(UTC)),
    }
    if signed_from is not None:
        facts["signed_from"] = signed_from
    return sealed_form.canonical(facts)
