"""How two admins stand to each other, read under the locks of the act that depends on it.

Locks are taken in one order: the places that the act reaches, then the admins that it is about, by
id. So two who take each other's roles take turns, and the second one finds their own gone.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import Aborted, FailedPrecondition, NotFound, PermissionDenied
from services.tenant_registry.access import granting, queries
from services.tenant_registry.access.granting import GLOBAL_ADMIN, TENANT_ADMIN, Holder
from services.tenant_registry.models import Admin

_PREFIX = "admins/"


@dataclass(frozen=True, slots=True)
class Standing:
    """Who acts on whom, with what each holds at `now`, which the locks keep as it is."""

    now: datetime
    actor: Holder
    target: Holder
    row: Admin

    def changed(self) -> None:
        """Makes what is known elsewhere of the target's access older than what is true."""
        self.row.access_version = (self.row.access_version or 0) + 1

    def refuse_deactivated(self) -> None:
        if not self.target.active:
            raise admin_not_found(self.target.admin)


@dataclass(frozen=True, slots=True)
class Shared:
    """Who acts on a role, and all who hold it or will, with what each holds at `now`."""

    now: datetime
    actor: Holder
    holders: tuple[Holder, ...]
    rows: Mapping[str, Admin]

    def changed(self) -> None:
        """Makes what is known elsewhere of the holders' access older than what is true."""
        for holder in self.holders:
            row = self.rows[holder.admin]
            row.access_version = (row.access_version or 0) + 1


async def read(
    session: AsyncSession, places: set[str | None], actor: str, admin_id: str
) -> Standing:
    """Locks some places and two admins, and reads what these hold.

    `actor` is a resource name; whoever is no admin holds nothing.

    Raises:
        NotFound: ADMIN_NOT_FOUND, about the one acted on.
    """
    for place in sorted(places, key=str):
        await _lock_place(session, place)
    actor_id = actor.removeprefix(_PREFIX) if actor.startswith(_PREFIX) else ""
    rows, now = await _locked(session, {admin_id, actor_id}), datetime.now(UTC)
    if admin_id not in rows:
        raise admin_not_found(admin_id)
    actor_, target = await _holders(session, rows, (actor_id, admin_id), now)
    return Standing(now, actor_, target, rows[admin_id])


async def read_everywhere(session: AsyncSession, actor: str, admin_id: str) -> Standing:
    """The same, with every place locked at which the admin holds a role or will.

    Raises:
        Aborted: CONFLICT, they were given one at another place just now.
        NotFound: ADMIN_NOT_FOUND.
    """
    places = await queries.places_of(session, admin_id, now=datetime.now(UTC))
    found = await read(session, places, actor, admin_id)
    if not found.target.places(found.now) <= places:
        raise Aborted("CONFLICT", "Another request is changing the same resource. Retry.")
    return found


async def read_role(session: AsyncSession, role_id: str, tenant: str, actor: str) -> Shared:
    """Locks a tenant's place, who acts on a role there, and who holds it there or will."""
    await _lock_place(session, tenant)
    actor_id = actor.removeprefix(_PREFIX)
    ids = await queries.holders_at(session, role_id, tenant, now=datetime.now(UTC))
    rows, now = await _locked(session, {actor_id, *ids}), datetime.now(UTC)
    actor_, *holders = await _holders(session, rows, (actor_id, *ids), now)
    return Shared(now, actor_, tuple(holders), rows)


async def keep_guardians(
    session: AsyncSession, before: Holder, after: Holder, *, now: datetime
) -> None:
    """Refuses to leave the platform without a GlobalAdmin, or a tenant without a TenantAdmin.

    Those count who are active and hold the role without an end.

    Raises:
        FailedPrecondition: LAST_GLOBAL_ADMIN or LAST_TENANT_ADMIN.
    """
    for place in sorted(before.guards(now) - after.guards(now), key=str):
        role = TENANT_ADMIN if place else GLOBAL_ADMIN
        others = await queries.guardians(session, role, place, now=now)
        if others <= {before.admin}:
            reason = "LAST_TENANT_ADMIN" if place else "LAST_GLOBAL_ADMIN"
            where = f"tenants/{place}" if place else "the platform"
            text = (
                f"This would leave {where} without a {role}. Give that role to another admin first."
            )
            raise FailedPrecondition(reason, text)


def admin_not_found(admin_id: str) -> NotFound:
    name = f"{_PREFIX}{admin_id}"
    return NotFound("ADMIN_NOT_FOUND", f"No such admin: {name}.", admin=name)


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what the rules refuse into what crosses the wire."""
    try:
        yield
    except granting.Refused as refused:
        error = PermissionDenied(refused.reason, refused.message)
        if refused.permissions:
            error.metadata["permissions"] = ", ".join(refused.permissions)
        raise error from None


async def _locked(session: AsyncSession, ids: Set[str]) -> dict[str, Admin]:
    found = await queries.admins_locked(session, ids - {""})
    return {row.admin_id: row for row in found}


async def _holders(
    session: AsyncSession, rows: Mapping[str, Admin], ids: Sequence[str], now: datetime
) -> list[Holder]:
    """Reads what these admins hold or will; whoever is no admin holds nothing."""
    grants = await queries.grants_locked(session, rows.keys(), now=now)
    return [
        Holder(
            admin=one,
            active=one in rows and rows[one].deactivate_time is None,
            grants=tuple(grants.get(one, ())),
        )
        for one in ids
    ]


async def _lock_place(session: AsyncSession, place: str | None) -> None:
    # A tenant's id has no slash, so the platform's key is no tenant's.
    key = f"roles/{place}" if place else "roles//platform"
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key}
    )
