"""Statements on trees: waiting events, places, nodes and checkpoints; see also tree_batches."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.models import (
    Checkpoint,
    Cosignature,
    Entry,
    Event,
    Node,
    Pending,
    PlatformCheckpoint,
)
from services.kernel.evidence import merkle

_LOCK = 0x41554449  # an arbitrary number shared by all sequencers


async def take_lock(session: AsyncSession) -> bool:
    """Tries to take the sequencers' lock for this transaction; returns whether it was free."""
    return bool(
        await session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    )


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event without a place; one of before services signed has no signature."""

    tenant: str
    event_id: str
    envelope: bytes
    signature: bytes | None

    @property
    def key(self) -> tuple[str, str]:
        return self.tenant, self.event_id


async def pending_events(
    session: AsyncSession,
    limit: int,
    *,
    excluding_tenants: Collection[str],
    excluding_events: Collection[tuple[str, str]],
) -> list[PendingEvent]:
    """Lists events without a place: first those without a signature, then the oldest ids.

    `excluding_events` are pairs of a tenant id and an event id.
    """
    rows = await session.execute(
        select(Pending.tenant_id, Pending.event_id, Event.envelope, Event.signature)
        .join(Event, (Event.tenant_id == Pending.tenant_id) & (Event.event_id == Pending.event_id))
        .where(
            Pending.tenant_id.not_in(excluding_tenants),
            tuple_(Pending.tenant_id, Pending.event_id).not_in(excluding_events),
        )
        .order_by(Event.signature.is_not(None), Pending.event_id, Pending.tenant_id)
        .limit(limit)
    )
    return [PendingEvent(*row) for row in rows]


async def backlog(session: AsyncSession) -> tuple[int, Any]:
    """Returns the number of events without a place, and when the oldest was recorded."""
    rows = await session.execute(
        select(func.count(), func.min(Event.record_time))
        .select_from(Pending)
        .join(Event, (Event.tenant_id == Pending.tenant_id) & (Event.event_id == Pending.event_id))
    )
    count, oldest = rows.one()
    return count, oldest


async def size_of(session: AsyncSession, log: str) -> int:
    """Returns the number of leaves of a tree; their places have no gap."""
    last_index = await session.scalar(
        select(Node.idx)
        .where(Node.tenant_id == log, Node.level == 0)
        .order_by(Node.idx.desc())
        .limit(1)
    )
    return 0 if last_index is None else last_index + 1


async def nodes(
    session: AsyncSession, log: str, places: Iterable[merkle.Place]
) -> dict[merkle.Place, bytes]:
    requested = list(places)
    if not requested:
        return {}
    rows = await session.execute(
        select(Node.level, Node.idx, Node.hash).where(
            Node.tenant_id == log, tuple_(Node.level, Node.idx).in_(requested)
        )
    )
    return {(row.level, row.idx): row.hash for row in rows}


async def proof(session: AsyncSession, log: str, ranges: Sequence[merkle.Range]) -> list[bytes]:
    """Reads the hashes over these ranges of leaves, from a few nodes each."""
    return merkle.hashes_over(ranges, await nodes(session, log, merkle.places(ranges)))


async def last_platform_checkpoint(session: AsyncSession) -> PlatformCheckpoint | None:
    found: PlatformCheckpoint | None = await session.scalar(
        select(PlatformCheckpoint).order_by(PlatformCheckpoint.size.desc()).limit(1)
    )
    return found


async def add_platform_checkpoint(session: AsyncSession, size: int, note: str) -> None:
    await session.execute(insert(PlatformCheckpoint), [{"size": size, "note": note}])


async def place(session: AsyncSession, event_id: str) -> int | None:
    """Returns where an event stands in the tenant's tree; None while it has no place."""
    found: int | None = await session.scalar(select(Entry.idx).where(Entry.event_id == event_id))
    return found


async def newest_checkpoint(session: AsyncSession) -> Checkpoint | None:
    """Reads the last checkpoint of the tenant's own tree."""
    found: Checkpoint | None = await session.scalar(
        select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1)
    )
    return found


async def checkpoints(
    session: AsyncSession, after: int, up_to: int, limit: int
) -> Sequence[Checkpoint]:
    """Lists the tenant's own checkpoints, smallest first."""
    requested = select(Checkpoint).where(Checkpoint.size > after, Checkpoint.size <= up_to)
    return (await session.scalars(requested.order_by(Checkpoint.size).limit(limit))).all()


async def platform_note(session: AsyncSession, head_idx: int) -> str | None:
    """Finds a platform checkpoint that includes this leaf, cosigned if possible."""
    for kind in (Cosignature, PlatformCheckpoint):
        note: str | None = await session.scalar(
            select(kind.note).where(kind.size > head_idx).order_by(kind.size).limit(1)
        )
        if note is not None:
            return note
    return None


async def uncosigned(session: AsyncSession) -> tuple[int, PlatformCheckpoint | None]:
    """Returns the size cosigned last, and the newest checkpoint if it is larger."""
    cosigned_size = await session.scalar(select(func.max(Cosignature.size))) or 0
    newest = await last_platform_checkpoint(session)
    return cosigned_size, newest if newest is not None and newest.size > cosigned_size else None


async def add_cosignature(session: AsyncSession, size: int, note: str) -> None:
    statement = upsert(Cosignature).on_conflict_do_nothing()
    await session.execute(statement, [{"size": size, "note": note}])
