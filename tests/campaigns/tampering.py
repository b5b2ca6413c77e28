"""Tampering with a log, by somebody who may do everything: in the database, and in an export.

Each kind of forgery is made at random places; the log is then read as the service reads it, and
verified as an auditor verifies it: with the public keys, and a checkpoint that somebody kept.
"""

import csv
import io
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from souk.audit.v1 import proof_service_pb2 as pb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gateway.admin.exports import _COLUMNS, _HEADER, plain
from gateway.admin.shapes.evidence import EXPORT_FORM, entry_json, platform_json
from gateway.cli import audit
from services.audit import queries, trees
from services.audit.messages import shown
from services.audit.models import PLATFORM_LOG
from services.kernel import merkle, notes
from services.kernel.db import TenantSession
from services.kernel.errors import ServiceError
from services.kernel.scope import Scope, bound

TENANT = "paris"
Record = dict[str, Any]
Records = list[Record]


@dataclass
class Evidence:
    """What an auditor holds besides the log: public keys, and a checkpoint of before."""

    keys: list[notes.Key]
    kept: str

    def flaw(self, read: Callable[[], audit.Export]) -> str:
        """Tells what the verifier finds wrong; empty when it finds nothing."""
        try:
            audit.verify(read(), self.keys, olds=[self.kept])
        except audit.Bad as bad:
            return str(bad)
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
    log = notes.origin(TENANT)
    records: Records = [{"form": EXPORT_FORM, "log": log, "size": checkpoint.size}]
    for idx, one in await queries.listed(session, 0, checkpoint.size, checkpoint.size):
        records.append(entry_json(pb.Entry(index=idx, event=shown(one))))
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
    return [*records, {"platform": platform_json(proof)}]


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
    return evidence.flaw(lambda: audit._read(iter(records)))


InDatabase = Callable[[AsyncSession, random.Random, int], Awaitable[None]]
T = {"t": TENANT}
_EVENT = "(SELECT event_id FROM entry WHERE tenant_id = :t AND idx = :i)"


async def _do(session: AsyncSession, sql: str, **values: object) -> None:
    await session.execute(text(sql), T | values)


def _at(chance: random.Random, size: int) -> int:
    return chance.randrange(size)


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
    await _do(
        session, sql, i=_at(chance, size), at=chance.randrange(4000), by=chance.randint(1, 255)
    )


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
    columns = "service, method, resource, actor, occur_time, outcome, record_time"
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
            note = forger.sign(notes.Checkpoint(notes.origin(TENANT), tree.size, tree.root))
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
    "delete": deletes,
    "insert": inserts,
    "reorder": reorders,
    "truncate": truncates,
    "rewrite with a recomputed tree": rewrites,
    "clock edit": moves_clocks,
}


def a_key() -> notes.LogKey:
    made = Ed25519PrivateKey.generate()
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return notes.LogKey(pem.decode())


InFile = Callable[[list[str], random.Random], str]


def lines_of(records: Records, *, form: str) -> list[str]:
    """Writes records as a file's lines, the way the gateway does."""
    if form == "ndjson":
        return [json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n"
                for record in records]  # fmt: skip
    rows = [list(_HEADER)]
    for record in records:
        if "index" in record:
            facts = json.loads(record["envelope"])
            rows.append([str(record["index"]), *(plain(str(facts[name])) for name in _COLUMNS),
                         record["envelope"], record["payload"], record["salt"], ""])  # fmt: skip
        else:
            rows.append(["", *("" for _ in _COLUMNS), "", "", "", json.dumps(record)])
    return [_csv_line(row) for row in rows]


def _csv_line(row: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(row)
    return buffer.getvalue()


def _entries(lines: list[str]) -> list[int]:
    return [n for n, line in enumerate(lines) if '"index"' in line[:9] or line[:1].isdigit()]


def edits_file(lines: list[str], chance: random.Random) -> str:
    """One character of an entry becomes another one."""
    number = chance.choice(_entries(lines))
    line = lines[number][:-1]
    at = chance.randrange(len(line))
    other = chance.choice(
        [c for c in "0123456789abcdefghijklmnopqrstuvwxyzABCXYZ" if c != line[at]]
    )
    lines[number] = f"{line[:at]}{other}{line[at + 1 :]}\n"
    return "".join(lines)


def deletes_line(lines: list[str], chance: random.Random) -> str:
    del lines[chance.choice(_entries(lines))]
    return "".join(lines)


def inserts_line(lines: list[str], chance: random.Random) -> str:
    places = _entries(lines)
    lines.insert(chance.choice(places), lines[chance.choice(places)])
    return "".join(lines)


def reorders_lines(lines: list[str], chance: random.Random) -> str:
    one, other = chance.sample(_entries(lines), 2)
    lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines)


def truncates_file(lines: list[str], chance: random.Random) -> str:
    whole = "".join(lines)
    return whole[: chance.randrange(len(whole) - 1)]


def moves_clock(lines: list[str], chance: random.Random) -> str:
    number = chance.choice(_entries(lines))
    line = lines[number]
    at = line.index("occur_time") if '"index"' in line else 0
    digits = [n for n in range(at, len(line)) if line[n].isdigit() and line[n - 1] in ":."]
    chosen = chance.choice([n for n in digits if n < at + 60] or digits[:1])
    lines[number] = line[:chosen] + str((int(line[chosen]) + 1) % 10) + line[chosen + 1 :]
    return "".join(lines)


IN_FILE: dict[str, InFile] = {
    "edit": edits_file,
    "delete": deletes_line,
    "insert": inserts_line,
    "reorder": reorders_lines,
    "truncate": truncates_file,
    "clock edit": moves_clock,
}


def rewritten(records: Records, chance: random.Random) -> Records:
    """An export whose tree was made again over a changed entry, signed by a key of one's own."""
    forged = json.loads(json.dumps(records))
    places = [n for n, record in enumerate(forged) if "index" in record]
    chosen = forged[chance.choice(places)]
    chosen["envelope"] = chosen["envelope"].replace('"outcome":"DONE"', '"outcome":"DENIED"')
    tree, key, roots = merkle.Frontier(), a_key(), {}
    for place in places:
        list(tree.append(merkle.leaf_hash(forged[place]["envelope"].encode())))
        roots[tree.size] = tree.root
    for record in forged:
        if "checkpoint" in record:
            size = record["checkpoint"]["size"]
            made = notes.Checkpoint(notes.origin(TENANT), size, roots[size])
            record["checkpoint"]["note"] = key.sign(made)
    return list(forged)


def flaw_in_file(evidence: Evidence, content: str, path: Path) -> str:
    path.write_text(content, encoding="utf-8")
    return evidence.flaw(lambda: audit.read(path))
