"""What two admins hold, read under the locks of the act that depends on it.

Locks are taken in one order: the places that the act reaches, then its admins by id. So when two
admins take each other's roles, the second finds their own gone.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import conflict
from services.tenant_registry.models import Admin
from services.tenant_registry.roles import holder_queries
from services.tenant_registry.roles.assignment_rules import Holder
from services.tenant_registry.roles.errors import admin_not_found

_PREFIX = "admins/"


@dataclass(frozen=True, slots=True)
class ActorAndTarget:
    """The actor and the target, with what each holds at `now`, kept unchanged by locks."""

    now: datetime
    actor: Holder
    target: Holder
    row: Admin

    def changed(self) -> None:
        """Raises the target's access version, so that caches of it become stale."""
        self.row.access_version = (self.row.access_version or 0) + 1

    def require_active_target(self) -> None:
        if not self.target.active:
            raise admin_not_found(self.target.admin)


@dataclass(frozen=True, slots=True)
class ActorAndHolders:
    """The actor on a role and its holders, now or later, with what each holds at `now`."""

    now: datetime
    actor: Holder
    holders: tuple[Holder, ...]
    rows: Mapping[str, Admin]

    def changed(self) -> None:
        """Raises the holders' access versions, so that caches of them become stale."""
        for holder in self.holders:
            row = self.rows[holder.admin]
            row.access_version = (row.access_version or 0) + 1


async def lock_actor_and_target(
    session: AsyncSession, places: set[str | None], actor: str, admin_id: str
) -> ActorAndTarget:
    """Locks places and two admins, and reads what the admins hold there.

    With the platform among the places that is everything, as what counts there counts everywhere.
    `actor` is a resource name; one that is not an admin holds nothing.

    Raises:
        NotFound: ADMIN_NOT_FOUND, for the target.
    """
    return await _lock_parties(
        session, places, actor, admin_id, read_at=None if None in places else places
    )


async def lock_everywhere(session: AsyncSession, actor: str, admin_id: str) -> ActorAndTarget:
    """Does the same, with every place locked where the admin holds a role, now or later.

    Raises:
        Aborted: CONFLICT, they were just given a role at another place.
        NotFound: ADMIN_NOT_FOUND.
    """
    places = await holder_queries.places_of(session, admin_id, now=datetime.now(UTC))
    parties = await _lock_parties(session, places, actor, admin_id, read_at=None)
    if not parties.target.places(parties.now) <= places:
        raise conflict()
    return parties


async def _lock_parties(
    session: AsyncSession,
    places: set[str | None],
    actor: str,
    admin_id: str,
    *,
    read_at: set[str | None] | None,
) -> ActorAndTarget:
    for place in sorted(places, key=str):
        await _lock_place(session, place)
    actor_id = actor.removeprefix(_PREFIX) if actor.startswith(_PREFIX) else ""
    # The time is taken behind the locks: what ended while this waited for them is over.
    rows, now = await _locked(session, {admin_id, actor_id}), datetime.now(UTC)
    if admin_id not in rows:
        raise admin_not_found(admin_id)
    actor_holder, target = await _holders(session, rows, (actor_id, admin_id), read_at, now)
    return ActorAndTarget(now, actor_holder, target, rows[admin_id])


async def lock_holders_of_role(
    session: AsyncSession, role_id: str, tenant: str, actor: str
) -> ActorAndHolders:
    """Locks a tenant's place, the actor, and those who hold a role there, now or later."""
    await _lock_place(session, tenant)
    actor_id = actor.removeprefix(_PREFIX)
    ids = await holder_queries.holders_at(session, role_id, tenant, now=datetime.now(UTC))
    rows, now = await _locked(session, {actor_id, *ids}), datetime.now(UTC)
    actor_holder, *holders = await _holders(session, rows, (actor_id, *ids), {tenant}, now)
    return ActorAndHolders(now, actor_holder, tuple(holders), rows)


async def _locked(session: AsyncSession, ids: Set[str]) -> dict[str, Admin]:
    rows = await holder_queries.lock_admins(session, ids - {""})
    return {row.admin_id: row for row in rows}


async def _holders(
    session: AsyncSession,
    rows: Mapping[str, Admin],
    ids: Sequence[str],
    places: set[str | None] | None,
    now: datetime,
) -> list[Holder]:
    """Reads what these admins hold at places, now or later; unknown ids hold nothing."""
    policies = await holder_queries.lock_policies(session, rows.keys(), places, now=now)
    return [
        Holder(
            admin=admin_id,
            active=admin_id in rows and rows[admin_id].deactivate_time is None,
            policies=tuple(policies.get(admin_id, ())),
        )
        for admin_id in ids
    ]


async def _lock_place(session: AsyncSession, place: str | None) -> None:
    # A tenant's id has no slash, so the platform's key cannot clash with one.
    key = f"roles/{place}" if place else "roles//platform"
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key}
    )
