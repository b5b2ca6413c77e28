"""Checks the tenants' checkpoints against the platform's tree, one to one.

Each leaf of that tree is the head of one checkpoint. Otherwise, deleting a tenant's newest
checkpoints together with their entries and nodes would get a different history signed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit import trees
from services.audit.models import PLATFORM_LOG
from services.kernel.evidence import signed_notes

# In one read, of new checkpoints from one known tenant up to the next, and from the last one on.
_MOST_BETWEEN, _MOST_BEHIND = 100, 10_000
_AFTER_EVERY_TENANT = "~"  # after every tenant's id
# A head names its tenant and size, so no two checkpoints share a leaf: if all are sound and as many
# as the leaves, none is missing.
_NEWER_CHECKPOINTS = text("""
    SELECT tenant_id, max(size) AS newest,
        count(*) FILTER (WHERE (tenant_id, size) <> (from_tenant, from_size)) AS added,
        bool_and(coalesce(hash = sha256('\\x00'::bytea || head)
            AND convert_from(head, 'UTF8')::jsonb ->> 'log' = :origin || tenant_id
            AND convert_from(head, 'UTF8')::jsonb -> 'size' = to_jsonb(size), false)) AS is_sound,
        bool_or((tenant_id, size) = (from_tenant, from_size)) AS has_known,
        bool_or(jsonb_exists(convert_from(head, 'UTF8')::jsonb, 'signed_from')) AS has_signed_from
    FROM unnest(CAST(:tenants AS text[]), CAST(:sizes AS bigint[]), CAST(:ends AS text[]),
            CAST(:mosts AS int[])) AS start (from_tenant, from_size, end_tenant, most)
    CROSS JOIN LATERAL (
        SELECT tenant_id, size, head, head_idx FROM checkpoint
        WHERE (tenant_id, size) >= (from_tenant, from_size) AND tenant_id < end_tenant
        ORDER BY tenant_id, size LIMIT most
    ) newer
    LEFT JOIN LATERAL (
        SELECT hash FROM node WHERE tenant_id = :log AND level = 0 AND idx = head_idx LIMIT 1
    ) leaf ON true
    GROUP BY tenant_id
""")


class HeadsMismatch(Exception):
    """The checkpoints and the platform's tree do not match one to one."""


class TreeHeads:
    """The checkpoints seen so far: each tenant's newest, and the number of all."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}
        self._count = 0
        self._signed: dict[str, int] = {}
        self.signing_has_begun = False
        """Whether any head says from where on the events of its log are signed."""

    def newest(self, tenant: str) -> int:
        """Returns the size of the newest checkpoint seen or signed, or 0."""
        return max(self._newest.get(tenant, 0), self._signed.get(tenant, 0))

    def add(self, signed: Mapping[str, int]) -> None:
        """Remembers committed checkpoints, one per tenant, by size.

        They are read like all others too, because another process may have signed some in between.
        """
        self._signed |= signed

    async def read_newer(self, session: AsyncSession) -> int:
        """Reads a page of newer checkpoints; returns how many there were.

        The first pages cover every checkpoint; later ones each tenant's newest known one, and those
        after it.

        Raises:
            Amiss: a head differs from the platform's tree, or a known one is gone.
        """
        rows = await self._newer_checkpoints(session)
        for row in rows:
            if not row.is_sound:
                raise HeadsMismatch(f"a head of {row.tenant_id} differs from the platform's tree")
        missing = self._newest.keys() - {row.tenant_id for row in rows if row.has_known}
        if missing:
            raise HeadsMismatch(f"the newest known head of {min(missing)} is gone")
        # Only now: what was amiss must stay so when it is looked at again.
        self._newest |= {row.tenant_id: row.newest for row in rows}
        self.signing_has_begun |= any(row.has_signed_from for row in rows)
        added: int = sum(row.added for row in rows)
        self._count += added
        return added

    async def check_complete(self, session: AsyncSession) -> None:
        """Reads all newer checkpoints, while nobody signs, and checks that none is missing.

        Raises:
            Amiss: as in read_on, or a leaf of the platform's tree has no checkpoint.
        """
        while await self.read_newer(session):
            pass
        leaves = await trees.size_of(session, PLATFORM_LOG)
        if self._count != leaves:
            counted, self._newest, self._count = self._count, {}, 0
            raise HeadsMismatch(f"the platform's tree has {leaves} heads, the tables {counted}")

    async def _newer_checkpoints(self, session: AsyncSession) -> Sequence[Row[Any]]:
        """Reads the checkpoints from each newest known one on, by tenant and size."""
        known = sorted(self._newest)
        rows = await session.execute(_NEWER_CHECKPOINTS, {
            "tenants": ["", *known],
            "sizes": [0, *(self._newest[tenant] for tenant in known)],
            "ends": [*known, _AFTER_EVERY_TENANT],
            # Besides the known one. At the start, all that are not known are behind the last.
            "mosts": [1 + _MOST_BETWEEN] * len(known) + [1 + _MOST_BEHIND],
            "origin": signed_notes.origin(""), "log": PLATFORM_LOG,
        })  # fmt: skip
        return rows.all()
