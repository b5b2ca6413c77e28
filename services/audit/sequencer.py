"""Assigns events their places in their tenant's tree, and signs checkpoints.

Only one sequencer works at a time, under a lock that ends with its transaction, so an interruption
leaves nothing behind. Places are also primary keys, so none could be assigned twice anyway.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import rfc8785
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit import trees
from services.audit.heads import Amiss, Heads
from services.audit.models import PLATFORM_LOG
from services.kernel.call.errors import ServiceError
from services.kernel.data.database import Database
from services.kernel.evidence import merkle, signed_notes
from services.kernel.evidence.audit import spelled
from services.kernel.process.logs import logger
from services.kernel.process.secret_files import Secret
from services.kernel.serving.server import Runtime

EVERY_SECONDS = 0.25
MOST_AT_ONCE = 1000
_REPORT_EVERY = 40  # rounds
_LATE_SECONDS = 5.0

_log = logger()
Waiting = Mapping[str, Sequence[tuple[str, bytes]]]
"""Events without a place, as ids and envelopes by tenant."""


class Broken(Exception):
    """A tree contradicts its last signed checkpoint, so nothing is added or signed."""


async def run(runtime: Runtime) -> None:
    """Sequences until it is cancelled."""
    settings = runtime.settings
    key = settings.secret_file("checkpoint.key", signed_notes.LogKey)
    known = settings.secret_file("checkpoint.pub", signed_notes.read_keys)
    await Sequencer(runtime.db, key, known).work()


class Sequencer:
    def __init__(
        self, db: Database, key: Secret[signed_notes.LogKey], known: Secret[list[signed_notes.Key]]
    ) -> None:
        self._db = db
        self._key = key
        self._known = known
        self._broken: set[str] = set()
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

        A tampered tree is skipped, and logged every ten seconds. If heads of tenants are missing or
        differ from the platform's tree, nothing is signed.
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
            found: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
            waiting = await trees.waiting(session, MOST_AT_ONCE, without=self._broken)
            for tenant, event_id, envelope in waiting:
                found[tenant].append((event_id, envelope))
            return await self._sequence(session, found, signed) if found else 0

    async def _read_heads(self) -> None:
        """Reads new heads without the lock: at the start they are many, and others must go on."""
        added = 1
        while added:
            async with self._db.housekeeping() as session:
                added = await self._heads.read_on(session)

    async def _sequence(self, session: AsyncSession, found: Waiting, signed: dict[str, int]) -> int:
        platform = await self._whole(session, PLATFORM_LOG)
        if platform is None:
            return 0
        count, heads = 0, list[bytes]()
        for tenant, events in found.items():
            tree = await self._whole(session, tenant)
            if tree is not None:
                await trees.add_entries(session, tenant, tree.size, [id_ for id_, _ in events])
                await trees.append(session, tenant, tree, [envelope for _, envelope in events])
                heads.append(
                    await self._check_in(session, tenant, tree, platform.size + len(heads))
                )
                signed[tenant] = tree.size
                count += len(events)
        if heads:
            await trees.append(session, PLATFORM_LOG, platform, heads)
            note = self._sign(signed_notes.PLATFORM_ORIGIN, platform)
            await trees.add_platform_checkpoint(session, platform.size, note)
        return count

    async def _check_in(
        self, session: AsyncSession, tenant: str, tree: merkle.Frontier, head_idx: int
    ) -> bytes:
        """Signs a checkpoint of a tenant's tree, and returns its leaf for the platform's tree."""
        facts: dict[str, str | int] = {
            "log": signed_notes.origin(tenant),
            "size": tree.size,
            "root": tree.root.hex(),
            "time": spelled(datetime.now(UTC)),
        }
        head = rfc8785.dumps(facts)
        await trees.add_checkpoint(
            session,
            tenant,
            size=tree.size,
            note=self._sign(signed_notes.origin(tenant), tree),
            head=head,
            head_idx=head_idx,
        )
        return head

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
        self._heads_hold = None
        async with self._db.housekeeping() as session:
            count, oldest = await trees.backlog(session)
        if count and (datetime.now(UTC) - oldest).total_seconds() > _LATE_SECONDS:
            _log.warning("audit_sequencer_late", events=count, oldest=oldest.isoformat())
