"""Assigns events their places in their tenant's tree, and signs checkpoints.

Only one sequencer works at a time, under a lock that ends with its transaction, so an interruption
leaves nothing behind. Places are also primary keys, so none could be assigned twice anyway.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

import rfc8785
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit import trees
from services.audit.heads import Amiss, Heads
from services.audit.messages import is_signed
from services.audit.models import PLATFORM_LOG
from services.kernel.call.errors import ServiceError
from services.kernel.data.database import Database
from services.kernel.evidence import merkle, sealed_form, signed_notes
from services.kernel.evidence.audit import spelled
from services.kernel.evidence.event_signatures import EventKeys
from services.kernel.process.logs import logger
from services.kernel.process.secret_files import Secret
from services.kernel.serving.server import Runtime

EVERY_SECONDS = 0.25
MOST_AT_ONCE = 1000
_REPORT_EVERY = 40  # rounds
_LATE_SECONDS = 5.0

_log = logger()


class Broken(Exception):
    """A tree contradicts its last signed checkpoint, so nothing is added or signed."""


async def run(runtime: Runtime) -> None:
    """Sequences until it is cancelled."""
    settings = runtime.settings
    key = settings.secret_file("checkpoint.key", signed_notes.LogKey)
    known = settings.secret_file("checkpoint.pub", signed_notes.read_keys)
    services = settings.secret_file("services.pub", EventKeys.read)
    await Sequencer(runtime.db, key, known, services).work()


class Sequencer:
    def __init__(
        self,
        db: Database,
        key: Secret[signed_notes.LogKey],
        known: Secret[list[signed_notes.Key]],
        services: Secret[EventKeys],
    ) -> None:
        self._db = db
        self._key = key
        self._known = known
        self._services = services
        self._broken: set[str] = set()
        self._refused: set[tuple[str, str]] = set()
        self._heads = Heads()
        self._heads_hold: bool | None = None  # None: check before signing

    async def work(self) -> None:
        rounds = 0
        while True:
            sequenced, rounds = 0, rounds + 1
            try:
                sequenced = await self.sequence()
                if rounds % _REPORT_EVERY == 0:
                    await self._report()
            except ServiceError as error:
                _log.warning("audit_sequencer_waits", reason=error.reason)
            except Exception:
                # It must survive any error: without it, nothing is proven any more.
                _log.exception("audit_sequencer_broke")
            if sequenced < MOST_AT_ONCE:
                await asyncio.sleep(EVERY_SECONDS)

    async def sequence(self) -> int:
        """Assigns places to one batch of events, all or none; returns their number.

        A tampered tree, and an event that its service has not signed, is skipped and logged every
        ten seconds. If heads of tenants are missing or differ from the platform's tree, nothing is
        signed.
        """
        if self._heads_hold is False:
            return 0
        signed: dict[str, int] = {}
        try:
            count = await self._give_places(signed)
        except Amiss as reason:
            self._heads_hold = False
            _log.error("audit_tree_broken", log=PLATFORM_LOG, reason=str(reason))
            return 0
        self._heads.add(signed)
        return count

    async def _give_places(self, signed: dict[str, int]) -> int:
        if self._heads_hold is None:
            await self._read_heads()
        async with self._db.housekeeping() as session:
            if not await trees.is_ours(session):
                return 0
            if self._heads_hold is None:
                await self._heads.hold(session)
                self._heads_hold = True
            waiting = await trees.waiting(
                session,
                MOST_AT_ONCE,
                without=list(self._broken),
                without_events=list(self._refused),
            )
            unsigned = [event for event in waiting if event.signature is None]
            if unsigned and not self._heads.signing_has_begun:
                return await self._sequence(session, unsigned, signed)
            return await self._sequence(session, self._accepted(waiting), signed)

    def _accepted(self, waiting: Sequence[trees.Waiting]) -> list[trees.Waiting]:
        """Leaves out what no service has signed: somebody wrote it into the database."""
        accepted = [event for event in waiting if self._is_signed(event)]
        refused = {event.key for event in waiting} - {event.key for event in accepted}
        if refused:
            first = "tenants/{}/events/{}".format(*min(refused))
            _log.error("audit_events_unsigned", events=len(refused), first=first)
            self._refused |= refused
        return accepted

    def _is_signed(self, event: trees.Waiting) -> bool:
        facts = sealed_form.document(event.envelope)
        if facts is None or event.signature is None:
            return False
        is_its_own = facts.get("event") == "tenants/{}/events/{}".format(*event.key)
        return is_its_own and is_signed(
            event.envelope, facts, event.signature, self._services, including_revoked=False
        )

    async def _read_heads(self) -> None:
        """Reads new heads without the lock: at the start they are many, and others must go on."""
        added = 1
        while added:
            async with self._db.housekeeping() as session:
                added = await self._heads.read_on(session)

    async def _sequence(
        self, session: AsyncSession, waiting: Sequence[trees.Waiting], signed: dict[str, int]
    ) -> int:
        platform = await self._whole(session, PLATFORM_LOG) if waiting else None
        if platform is None:
            return 0
        by_tenant: dict[str, list[trees.Waiting]] = defaultdict(list)
        for event in waiting:
            by_tenant[event.tenant].append(event)
        count, heads = 0, list[bytes]()
        for tenant, events in by_tenant.items():
            tree = await self._whole(session, tenant)
            if tree is not None:
                head = await self._extend(session, tree, events, platform.size + len(heads))
                heads.append(head)
                signed[tenant] = tree.size
                count += len(events)
        if heads:
            await trees.append(session, PLATFORM_LOG, platform, heads)
            note = self._sign(signed_notes.PLATFORM_ORIGIN, platform)
            await trees.add_platform_checkpoint(session, platform.size, note)
        return count

    async def _extend(
        self,
        session: AsyncSession,
        tree: merkle.Frontier,
        events: Sequence[trees.Waiting],
        head_idx: int,
    ) -> bytes:
        """Adds events to a tenant's tree, all with or all without a signature, and signs it.

        Returns the tree's head, its leaf for the platform's tree.
        """
        tenant, are_signed = events[0].tenant, events[0].signature is not None
        signed_from = await self._signed_from(session, tenant) if are_signed else None
        await trees.add_entries(session, tenant, tree.size, [event.event_id for event in events])
        await trees.append(session, tenant, tree, [event.envelope for event in events])
        head = _head(tenant, tree, signed_from)
        await trees.add_checkpoint(
            session,
            tenant,
            size=tree.size,
            note=self._sign(signed_notes.origin(tenant), tree),
            head=head,
            head_idx=head_idx,
        )
        return head

    async def _signed_from(self, session: AsyncSession, tenant: str) -> int:
        """Returns the place from which on all events of a log are signed by their services."""
        last = await trees.last_checkpoint(session, tenant)
        if last is None:
            return 0
        # Up to the last head that does not say so, events may be from before services signed.
        return int(json.loads(last.head).get("signed_from", last.size))

    def _sign(self, origin: str, tree: merkle.Frontier) -> str:
        return self._key().sign(signed_notes.Checkpoint(origin, tree.size, tree.root))

    async def _whole(self, session: AsyncSession, log: str) -> merkle.Frontier | None:
        """Reads a tree, and checks it against its last signed checkpoint.

        Otherwise, rewritten tables would be signed with the next checkpoint.
        """
        try:
            tree = await trees.frontier(session, log)
            last = await (
                trees.last_platform_checkpoint(session)
                if log == PLATFORM_LOG
                else trees.last_checkpoint(session, log)
            )
            self._compare(log, tree, last.note if last else None)
        except (LookupError, Broken, signed_notes.Untrue) as error:
            _log.error("audit_tree_broken", log=log, reason=str(error))
            self._broken.add(log)
            return None
        return tree

    def _compare(self, log: str, tree: merkle.Frontier, note: str | None) -> None:
        origin = signed_notes.PLATFORM_ORIGIN if log == PLATFORM_LOG else signed_notes.origin(log)
        here = signed_notes.Checkpoint(origin, tree.size, tree.root)
        signed = signed_notes.Checkpoint(origin, 0, merkle.EMPTY)
        if note:
            signed = signed_notes.verified(note, self._known.again())
        newest = self._heads.newest(log)
        if signed.size < newest:
            raise Broken(f"the checkpoint of size {newest}, signed before, is gone")
        if here != signed:
            raise Broken(
                f"the tree of size {tree.size} is not its last checkpoint, of size {signed.size}"
            )

    async def _report(self) -> None:
        """Logs events that have waited long, and lets broken trees be checked again."""
        self._broken.clear()
        self._refused.clear()
        self._heads_hold = None
        async with self._db.housekeeping() as session:
            count, oldest = await trees.backlog(session)
        if count and (datetime.now(UTC) - oldest).total_seconds() > _LATE_SECONDS:
            _log.warning("audit_sequencer_late", events=count, oldest=oldest.isoformat())


def _head(tenant: str, tree: merkle.Frontier, signed_from: int | None) -> bytes:
    """Makes the leaf of the platform's tree for a tenant's tree."""
    facts: dict[str, str | int] = {
        "log": signed_notes.origin(tenant),
        "size": tree.size,
        "root": tree.root.hex(),
        "time": spelled(datetime.now(UTC)),
    }
    if signed_from is not None:
        facts["signed_from"] = signed_from
    return rfc8785.dumps(facts)
