"""Many trees at once: what a batch of the sequencer reads and writes, in a few statements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.evidence import merkle

_LAST = text("""
SELECT log, c.size, c.note, c.head,
  (SELECT idx FROM node WHERE tenant_id = log AND level = 0 ORDER BY idx DESC LIMIT 1) AS last_idx
FROM unnest(CAST(:logs AS text[])) log LEFT JOIN LATERAL (
  SELECT size, note, head FROM checkpoint WHERE tenant_id = log ORDER BY size DESC LIMIT 1
) c ON true
""")
_NODES = text("""
SELECT n.tenant_id, n.level, n.idx, n.hash
FROM unnest(CAST(:logs AS text[]), CAST(:levels AS int[]), CAST(:idxs AS bigint[]))
  AS place (log, level, idx)
JOIN node n ON n.tenant_id = place.log AND n.level = place.level AND n.idx = place.idx
""")
_ADD_ENTRIES = text("""
WITH placed AS (
  INSERT INTO entry (tenant_id, idx, event_id)
  SELECT * FROM unnest(CAST(:logs AS text[]), CAST(:idxs AS bigint[]), CAST(:ids AS text[]))
  RETURNING tenant_id, event_id
)
DELETE FROM pending p USING placed
WHERE p.tenant_id = placed.tenant_id AND p.event_id = placed.event_id
""")
_ADD_NODES = text("""
INSERT INTO node (tenant_id, level, idx, hash) SELECT * FROM unnest(
  CAST(:logs AS text[]), CAST(:levels AS int[]), CAST(:idxs AS bigint[]), CAST(:hashes AS bytea[]))
""")
_ADD_CHECKPOINTS = text("""
INSERT INTO checkpoint (tenant_id, size, note, head, head_idx) SELECT * FROM unnest(
  CAST(:logs AS text[]), CAST(:sizes AS bigint[]), CAST(:notes AS text[]), CAST(:heads AS bytea[]),
  CAST(:idxs AS bigint[]))
""")


@dataclass(frozen=True, slots=True)
class StoredTree:
    """A tree as it is stored, with its last checkpoint; no `frontier` if a node is missing."""

    frontier: merkle.Frontier | None
    size: int
    """Of the last checkpoint; 0 without one."""
    note: str | None
    head: bytes | None


async def stored_trees(session: AsyncSession, logs: Sequence[str]) -> dict[str, StoredTree]:
    """Reads the parts of trees that are needed to append to them.

    The platform's tree has its checkpoints elsewhere, so it comes without.
    """
    last = (await session.execute(_LAST, {"logs": list(logs)})).all()
    sizes = {row.log: 0 if row.last_idx is None else row.last_idx + 1 for row in last}
    subtrees = {log: merkle.subtrees(0, size) for log, size in sizes.items()}
    places = [(log, *place) for log, of_log in subtrees.items() for place in of_log]
    names = ("logs", "levels", "idxs")
    rows: Iterable[Row[Any]] = (
        await session.execute(_NODES, _arrays(names, places)) if places else ()
    )
    hashes = {(row.tenant_id, row.level, row.idx): row.hash for row in rows}
    return {
        row.log: StoredTree(
            _frontier(sizes[row.log], [hashes.get((row.log, *at)) for at in subtrees[row.log]]),
            row.size or 0,
            row.note,
            row.head,
        )
        for row in last
    }


def _frontier(size: int, hashes: Sequence[bytes | None]) -> merkle.Frontier | None:
    present = [one for one in hashes if one is not None]
    return merkle.Frontier(size, present) if len(present) == len(hashes) else None


@dataclass(frozen=True, slots=True)
class NewRows:
    """What a batch adds to trees, stored at its end."""

    entries: list[tuple[str, int, str]] = field(default_factory=list)
    """Log, place, and event id."""
    nodes: list[tuple[str, int, int, bytes]] = field(default_factory=list)
    checkpoints: list[tuple[str, int, str, bytes, int]] = field(default_factory=list)
    """Log, size, note, head, and the head's place in the platform's tree."""

    def append(self, log: str, tree: merkle.Frontier, leaves: Iterable[bytes]) -> None:
        """Adds leaves to a tree, in memory and in its table."""
        self.nodes.extend(
            (log, level, idx, node_hash)
            for leaf in leaves
            for (level, idx), node_hash in tree.append(merkle.leaf_hash(leaf))
        )

    async def store(self, session: AsyncSession) -> None:
        for statement, names, rows in (
            (_ADD_ENTRIES, ("logs", "idxs", "ids"), self.entries),
            (_ADD_NODES, ("logs", "levels", "idxs", "hashes"), self.nodes),
            (_ADD_CHECKPOINTS, ("logs", "sizes", "notes", "heads", "idxs"), self.checkpoints),
        ):
            await session.execute(statement, _arrays(names, rows))


def _arrays(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Mapping[str, list[Any]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
