"""Tampering with a log in the database, by a superuser; forging.py does it in an export.

Each kind of forgery is made at random places; the log is then read as the service reads it, and
verified as an auditor verifies it: with the public keys, and a checkpoint that somebody kept.
"""

import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from souk.audit.v1 import proof_service_pb2 as pb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gateway.cli import audit, exports
from gateway.documents.proof import EXPORT_FORM, EntryDocument, PlatformDocument
from services.audit import queries, trees
from services.audit.messages import exported_message
from services.audit.models import PLATFORM_LOG
from services.kernel.call.errors import ServiceError
from services.kernel.call.scope import Scope, bound
from services.kernel.data.database import TenantSession
from services.kernel.evidence import merkle, signed_notes
from services.kernel.evidence.event_signatures import EventKeys

TENANT = "paris"
Record = dict[str, Any]
Records = list[Record]


@dataclass
class Evidence:
    """What an auditor holds besides the log: public keys, and a checkpoint of before."""

    keys: list[signed_notes.Key]
    services: EventKeys
    checkpoint: str

    def flaw_of(self, records: Iterable[Record]) -> str:
        """Tells what the verifier finds wrong; empty when it finds nothing."""
        return self._flaw(lambda: exports.read_records(iter(records), self.services))

    def flaw_in_file(self, path: Path) -> str:
        """Tells the same of an export in a file."""
        return self._flaw(lambda: exports.read(path, self.services))

    def _flaw(self, read: Callable[[], exports.Export]) -> str:
        try:
            audit.verify(read(), self.keys, earlier=[self.checkpoint])
        except exports.InvalidExport as invalid:
            return str(invalid)
        return ""


def session_of(engine: AsyncEngine) -> AsyncSession:
    """A session of a superuser, which reads one tenant's rows as the service's own would."""
    info = {"tenant": TENANT, "home": TENANT}
    return AsyncSession(engine, sync_session_class=TenantSession, info=info)


async def exported(session: AsyncSession) -> Records:
    """Reads the log by the service's own statements, and writes it as the gateway does."""
    checkpoint = await trees.newest_checkpoint(session)
    if checkpoint is None:
        return []
    log = signed_notes.origin(TENANT)
    records: Records = [{"form": EXPORT_FORM, "log": log, "size": checkpoint.size}]
    for idx, leaf, one in await queries.list_by_index(session, 0, checkpoint.size, checkpoint.size):
        records.append(
            EntryDocument.to_json(pb.Entry(index=idx, leaf_hash=leaf, event=exported_message(one)))
        )
    for signed in await trees.checkpoints(session, 0, checkpoint.size, checkpoint.size):
        records.append({"checkpoint": {"size": signed.size, "note": signed.note}})
    note = await trees.platform_note(session, checkpoint.head_idx) or ""
    size = int(note.splitlines()[1])
    ranges = merkle.inclusion(checkpoint.head_idx, size)
    proof = pb.PlatformProof(
        head=checkpoint.head,
        index=checkpoint.head_idx,
        hashes=merkle.hashes_over(ranges, await _platform_nodes(session, ranges)),
        note=note,
    )
    return [*records, {"platform": PlatformDocument.to_json(proof)}]


async def _platform_nodes(session: AsyncSession, ranges: list[merkle.Range]) -> dict[Any, bytes]:
    rows = await session.execute(
        text("SELECT level, idx, hash FROM node WHERE tenant_id = :log"), {"log": PLATFORM_LOG}
    )
    return {(row.level, row.idx): row.hash for row in rows}


async def flaw_in_database(
    engine: AsyncEngine, evidence: Evidence, tamper: "InDatabase", chance: random.Random
) -> str:
    """Tampers in a transaction, reads and verifies the log in it, and takes everything back."""
    with bound(Scope(TENANT, "admins/auditor", frozenset())):
        async with session_of(engine) as session:
            size = await session.scalar(text("SELECT count(*) FROM entry WHERE tenant_id = :t"), T)
            await tamper(session, chance, int(size))
            try:
                records = await exported(session)
            except (ServiceError, LookupError, ValueError) as refusal:
                return f"the service refuses: {refusal}"
            finally:
                await session.rollback()
    return evidence.flaw_of(records)


InDatabase = Callable[[AsyncSession, random.Random, int], Awaitable[None]]
T = {"t": TENANT}
_EVENT = "(SELECT event_id FROM entry WHERE tenant_id = :t AND idx = :i)"


async def _do(session: AsyncSession, sql: str, **values: object) -> None:
    await session.execute(text(sql), T | values)


def _at(chance: random.Random, size: int) -> int:
    return chance.randrange(size)


async def _told(session: AsyncSession, chance: random.Random) -> int:
    """Chooses an entry whose payload nobody erased."""
    rows = await session.scalars(
        text(
            "SELECT idx FROM entry JOIN event_payload USING (tenant_id, event_id)"
            " WHERE tenant_id = :t ORDER BY idx"
        ),
        T,
    )
    return int(chance.choice(rows.all()))


async def edits(session: AsyncSession, chance: random.Random, size: int) -> None:
    """One byte of an envelope or payload, or a column."""
    where = f"WHERE tenant_id = :t AND event_id = {_EVENT}"
    byte = "set_byte({0}, :at % length({0}), (get_byte({0}, :at % length({0})) + :by) % 256)"
    sql = chance.choice(
        [
            f"UPDATE event SET envelope = {byte.format('envelope')} {where}",
            f"UPDATE event_payload SET payload = {byte.format('payload')} {where}",
            f"UPDATE event_payload SET salt = {byte.format('salt')} {where}",
            f"UPDATE event SET actor = actor || :at || :by {where}",
            f"UPDATE event SET resource = resource || :at || :by {where}",
        ]
    )
    if "||" in sql:
        sql = sql.replace("|| :at || :by", "|| CAST(:at AS integer) || CAST(:by AS integer)")
    index = await _told(session, chance)
    await _do(session, sql, i=index, at=chance.randrange(4000), by=chance.randint(1, 255))


async def removes_payload(session: AsyncSession, chance: random.Random, size: int) -> None:
    """What changed and from where goes, as if it had been erased."""
    where = f"WHERE tenant_id = :t AND event_id = {_EVENT}"
    await _do(session, f"DELETE FROM event_payload {where}", i=await _told(session, chance))


async def _remove(session: AsyncSession, index: int) -> None:
    event_id = await session.scalar(text(f"SELECT {_EVENT}"), T | {"i": index})
    for table in ("event_payload", "entry", "event"):
        sql = f"DELETE FROM {table} WHERE tenant_id = :t AND event_id = :e"
        await _do(session, sql, e=event_id)


async def _shift(session: AsyncSession, start: int, by: int) -> None:
    """Moves entries along, through numbers that are free."""
    await _do(
        session,
        "UPDATE entry SET idx = -(idx + :by) - 1 WHERE tenant_id = :t AND idx >= :i",
        i=start, by=by,
    )  # fmt: skip
    await _do(session, "UPDATE entry SET idx = -idx - 1 WHERE tenant_id = :t AND idx < 0")


async def deletes(session: AsyncSession, chance: random.Random, size: int) -> None:
    """An event and all of it; sometimes the gap is closed."""
    index = _at(chance, size)
    await _remove(session, index)
    if chance.random() < 0.5:
        await _shift(session, index + 1, -1)


async def inserts(session: AsyncSession, chance: random.Random, size: int) -> None:
    """A copy of another event under an id of its own, among the others."""
    index, other = _at(chance, size), _at(chance, size)
    columns = "service, method, resource, actor, occur_time, outcome, record_time, signature"
    await _do(
        session,
        f"INSERT INTO event (tenant_id, event_id, {columns}, envelope) SELECT tenant_id,"
        f" 'evt_forged', {columns}, convert_to(replace(convert_from(envelope, 'UTF8'), event_id,"
        f" 'evt_forged'), 'UTF8') FROM event WHERE tenant_id = :t AND event_id = {_EVENT}",
        i=other,
    )
    await _do(
        session,
        "INSERT INTO event_payload SELECT tenant_id, 'evt_forged', salt, payload"
        f" FROM event_payload WHERE tenant_id = :t AND event_id = {_EVENT}",
        i=other,
    )
    await _shift(session, index, 1)
    await _do(session, "INSERT INTO entry (tenant_id, idx, event_id) VALUES (:t, :i, 'evt_forged')",
              i=index)  # fmt: skip


async def reorders(session: AsyncSession, chance: random.Random, size: int) -> None:
    """Two events change places."""
    one, other = chance.sample(range(size), 2)
    for source, target in ((one, -1), (other, one), (-1, other)):
        await _do(session, "UPDATE entry SET idx = :j WHERE tenant_id = :t AND idx = :i",
                  i=source, j=target)  # fmt: skip


async def truncates(session: AsyncSession, chance: random.Random, size: int) -> None:
    """Everything after some checkpoint goes, so that what is left proves itself."""
    sizes = [row[0] for row in await session.execute(
        text("SELECT size FROM checkpoint WHERE tenant_id = :t ORDER BY size"), T)]  # fmt: skip
    left = chance.choice(sizes[:-1])
    await _do(session, "DELETE FROM checkpoint WHERE tenant_id = :t AND size > :i", i=left)
    await _do(session, "DELETE FROM entry WHERE tenant_id = :t AND idx >= :i", i=left)


async def rewrites(session: AsyncSession, chance: random.Random, size: int) -> None:
    """An event is changed, and the whole tree over it made again; signed by a key of one's own."""
    index = _at(chance, size)
    await _do(
        session,
        "UPDATE event SET actor = 'admins/nobody', envelope = convert_to(replace(convert_from("
        "envelope, 'UTF8'), '\"actor\":\"' || actor || '\"', '\"actor\":\"admins/nobody\"'),"
        f" 'UTF8') WHERE tenant_id = :t AND event_id = {_EVENT}",
        i=index,
    )
    tree = merkle.Frontier()
    forger = a_key() if chance.random() < 0.5 else None
    envelopes = await session.execute(
        text(
            "SELECT envelope FROM entry JOIN event USING (tenant_id, event_id)"
            " WHERE tenant_id = :t ORDER BY idx"
        ),
        T,
    )
    for row in envelopes.all():
        for (level, idx), made in tree.append(merkle.leaf_hash(row.envelope)):
            await _do(session, "UPDATE node SET hash = :h WHERE tenant_id = :t AND level = :l"
                      " AND idx = :i", h=made, l=level, i=idx)  # fmt: skip
        if forger and tree.size > index:
            note = forger.sign(
                signed_notes.Checkpoint(signed_notes.origin(TENANT), tree.size, tree.root)
            )
            await _do(session, "UPDATE checkpoint SET note = :n WHERE tenant_id = :t AND size = :i",
                      n=note, i=tree.size)  # fmt: skip


async def moves_clocks(session: AsyncSession, chance: random.Random, size: int) -> None:
    """When it happened, in the column or in the envelope too."""
    where = f"WHERE tenant_id = :t AND event_id = {_EVENT}"
    sql = "UPDATE event SET occur_time = occur_time - interval '1 second'"
    if chance.random() < 0.5:
        sql += (
            ", envelope = convert_to(replace(convert_from(envelope, 'UTF8'), to_char(occur_time"
            " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), to_char(occur_time AT TIME ZONE"
            " 'UTC' - interval '1 second', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')), 'UTF8')"
        )
    await _do(session, f"{sql} {where}", i=_at(chance, size))


IN_DATABASE: dict[str, InDatabase] = {
    "edit": edits,
    "remove a payload": removes_payload,
    "delete": deletes,
    "insert": inserts,
    "reorder": reorders,
    "truncate": truncates,
    "rewrite with a recomputed tree": rewrites,
    "clock edit": moves_clocks,
}


def a_key() -> signed_notes.LogKey:
    return signed_notes.LogKey(a_private_key())


def a_private_key() -> str:
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
