"""Giving and taking roles: the only place that writes assignments."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import AlreadyExists, NotFound, invalid
from services.kernel.call.names import new_id
from services.kernel.call.scope import current_scope
from services.kernel.evidence import audit
from services.tenant_registry.models import Assignment, Tenant
from services.tenant_registry.roles import (
    assignment_rules,
    errors,
    guardians,
    holder_queries,
    locking,
    messages,
)
from services.tenant_registry.roles.assignment_rules import (
    GLOBAL_ADMIN,
    REASON_LIMIT,
    TENANT_ADMIN,
    Holder,
)
from services.tenant_registry.roles.locking import ActorAndTarget
from services.tenant_registry.roles.permissions import TENANT

# The giver of the first admin's role, and of a new tenant's first.
REGISTRY = "services/tenant-registry"
_CLOCKS_DIFFER = timedelta(minutes=1)
# A role that expires is renewed when less than this is left.
_RENEWED = timedelta(days=15)


@dataclass(frozen=True, slots=True)
class WantedRole:
    """A role to give: to whom, where (None means everywhere), for how long, and why."""

    admin: str
    role: str
    tenant: str | None
    reason: str
    from_time: datetime | None = None
    until_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """An assignment, and what its admin holds before and after the act."""

    assignment: Assignment
    before: Holder
    after: Holder
    now: datetime


async def give(session: AsyncSession, wanted: WantedRole, *, dry: bool = False) -> Change:
    """Gives a role to an admin whom the caller knows; others must accept an invite first.

    What the admins hold is read here, under locks. `dry` makes all checks but writes nothing.
    An id that was seen somewhere is refused as one of nobody: with a role here, its admin's name
    and address would become known here.

    Raises:
        PermissionDenied: GRANT_TO_SELF, ROLE_IS_GLOBAL, GRANT_EXCEEDS or GRANT_OVER_MORE.
        NotFound: ADMIN_NOT_FOUND, ROLE_NOT_FOUND or TENANT_NOT_FOUND.
        InvalidArgument: GRANT_INVALID, the reason or the times.
        AlreadyExists: ASSIGNMENT_EXISTS, they already hold that role there for all of that time.
    """
    return await _give(session, wanted, current_scope().actor, dry=dry, accepted=False)


async def give_accepted(session: AsyncSession, wanted: WantedRole, *, giver: str) -> Change:
    """Gives a role that its admin has accepted, in the name of whoever offered it.

    Raises:
        The same as `give`.
    """
    return await _give(session, wanted, giver, dry=False, accepted=True)


async def _give(
    session: AsyncSession, wanted: WantedRole, giver: str, *, dry: bool, accepted: bool
) -> Change:
    if wanted.tenant is not None and await session.get(Tenant, wanted.tenant) is None:
        name = f"tenants/{wanted.tenant}"
        raise NotFound("TENANT_NOT_FOUND", f"No such tenant: {name}.", tenant=name)
    parties = await locking.lock_actor_and_target(session, {wanted.tenant}, giver, wanted.admin)
    parties.require_active_target()
    if not accepted and not assignment_rules.may_know(
        parties.actor, parties.target, wanted.tenant, now=parties.now
    ):
        raise errors.admin_not_found(wanted.admin)
    assignment = _assignment(wanted, giver, parties.now)
    policies = await holder_queries.policies_of_role(session, assignment)
    if not policies:
        raise NotFound(
            "ROLE_NOT_FOUND", "This role does not exist or cannot be given here.", role=wanted.role
        )
    with errors.refusals_as_errors():
        assignment_rules.may_give(parties.actor, parties.target, policies, now=parties.now)
    if assignment_rules.holds_already(parties.target, policies):
        raise AlreadyExists(
            "ASSIGNMENT_EXISTS", "The admin already holds this role here for all of that time."
        )
    change = Change(assignment, parties.target, parties.target.with_policies(policies), parties.now)
    if not dry:
        _write(session, parties, assignment)
    return change


async def check_offer(session: AsyncSession, wanted: WantedRole) -> None:
    """Checks that the caller could give a role to a newcomer, without writing anything.

    Raises:
        PermissionDenied: ROLE_IS_GLOBAL or GRANT_EXCEEDS.
        NotFound: ROLE_NOT_FOUND.
        InvalidArgument: GRANT_INVALID, the reason.
    """
    giver = current_scope().actor
    parties = await locking.lock_actor_and_target(
        session, {wanted.tenant}, giver, giver.removeprefix("admins/")
    )
    assignment = _assignment(wanted, giver, parties.now)
    policies = await holder_queries.policies_of_role(session, assignment)
    if not policies:
        raise NotFound(
            "ROLE_NOT_FOUND", "This role does not exist or cannot be given here.", role=wanted.role
        )
    with errors.refusals_as_errors():
        newcomer = Holder(admin=wanted.admin, active=True)
        assignment_rules.may_give(parties.actor, newcomer, policies, now=parties.now)


async def check_withdrawal(session: AsyncSession, wanted: WantedRole, *, offered_by: str) -> None:
    """Checks that the caller may withdraw an offer: their own, or one of what they hold too.

    Raises:
        PermissionDenied: GRANT_OVER_MORE.
    """
    actor = current_scope().actor
    if actor == offered_by:
        return
    parties = await locking.lock_actor_and_target(
        session, {wanted.tenant}, actor, actor.removeprefix("admins/")
    )
    offered = await holder_queries.policies_of_role(
        session, _assignment(wanted, offered_by, parties.now)
    )
    with errors.refusals_as_errors():
        assignment_rules.may_withdraw(parties.actor, offered, now=parties.now)


async def sync_claimed_roles(
    session: AsyncSession,
    admin_id: str,
    roles: Collection[tuple[str, str | None]],
    *,
    giver: str,
    until: datetime,
) -> None:
    """Syncs the roles that an identity provider gave an admin with its current claims.

    Its limit is the rules that the platform's operator wrote, so no giver's rights are checked.
    Roles from others are not touched. Claimed roles expire, so no place depends on one for its last
    guardian. Unknown roles and tenants are skipped.
    """
    before = await holder_queries.given_by(session, admin_id, giver)
    places = {tenant for _, tenant in roles} | {row.tenant_id for row in before}
    parties = await locking.lock_actor_and_target(session, places, giver, admin_id)
    held: set[tuple[str, str | None]] = set()
    for row in await holder_queries.given_by(session, admin_id, giver):
        wanted = (row.role_id, row.tenant_id) in roles
        if wanted and row.until_time is not None and row.until_time > parties.now + _RENEWED:
            held.add((row.role_id, row.tenant_id))
        else:
            reason = "renewed" if wanted else f"{giver} no longer sends the claim"
            _revoke(session, parties, row, giver, reason=reason)
    for role, tenant in sorted(set(roles) - held, key=str):
        reason = f"claim from {giver}"
        assignment = _assignment(
            WantedRole(admin_id, role, tenant, reason, until_time=until), giver, parties.now
        )
        policies = await holder_queries.policies_of_role(session, assignment)
        is_there = tenant is None or await session.get(Tenant, tenant) is not None
        is_placed = tenant is None or all(policy.reach == TENANT for policy in policies)
        if policies and is_there and is_placed:
            _write(session, parties, assignment)


async def take(
    session: AsyncSession,
    assignment_id: str,
    *,
    tenant: str | None,
    reason: str = "",
    by: str | None = None,
    dry: bool = False,
) -> Change:
    """Takes back a role given at a tenant or everywhere; repeating it changes nothing.

    Admins may always give up their own roles.

    Raises:
        PermissionDenied: GRANT_OVER_MORE.
        FailedPrecondition: LAST_GLOBAL_ADMIN or LAST_TENANT_ADMIN.
        InvalidArgument: GRANT_INVALID, the reason.
        NotFound: ASSIGNMENT_NOT_FOUND, also for one of another place.
    """
    if len(reason) > REASON_LIMIT:
        text = f"must have at most {REASON_LIMIT} characters"
        raise invalid("GRANT_INVALID", {"reason": text})
    taker = by or current_scope().actor
    row = await holder_queries.assignment_at(session, assignment_id, tenant)
    if row is None:
        raise NotFound("ASSIGNMENT_NOT_FOUND", "No such assignment here.")
    parties = await locking.lock_actor_and_target(session, {tenant}, taker, row.admin_id)
    await session.refresh(row)
    change = Change(row, parties.target, parties.target.without(assignment_id), parties.now)
    if row.revoke_time is not None:
        return change
    with errors.refusals_as_errors():
        assignment_rules.may_act_on(parties.actor, parties.target, {tenant}, now=parties.now)
    await guardians.keep_guardians(session, change.before, change.after, now=parties.now)
    if not dry:
        _revoke(session, parties, row, taker, reason=reason.strip())
    return change


async def give_first(
    session: AsyncSession, admin_id: str, *, tenant: str | None, reason: str
) -> bool:
    """Makes an admin the first GlobalAdmin or, at a tenant, its first TenantAdmin.

    The only way in which a role is given without a giver who holds it. If somebody has the role
    already, it does nothing and returns False.

    Raises:
        NotFound: ADMIN_NOT_FOUND.
    """
    parties = await locking.lock_actor_and_target(session, {tenant}, REGISTRY, admin_id)
    parties.require_active_target()
    role = TENANT_ADMIN if tenant else GLOBAL_ADMIN
    if await holder_queries.guardians(session, role, tenant, now=parties.now):
        return False
    _write(
        session,
        parties,
        _assignment(WantedRole(admin_id, role, tenant, reason), REGISTRY, parties.now),
    )
    return True


def _revoke(
    session: AsyncSession, parties: ActorAndTarget, row: Assignment, taker: str, *, reason: str
) -> None:
    before = messages.assignment(row)
    row.revoke_time, row.revoked_by, row.revoke_reason = parties.now, taker, reason or None
    parties.changed()
    message = messages.assignment(row)
    audit.record(session, resource=message.name, before=before, after=message, tenant=row.tenant_id)


def _write(session: AsyncSession, parties: ActorAndTarget, assignment: Assignment) -> None:
    session.add(assignment)
    parties.changed()
    message = messages.assignment(assignment)
    audit.record(session, resource=message.name, after=message, tenant=assignment.tenant_id)


def _assignment(wanted: WantedRole, giver: str, now: datetime) -> Assignment:
    begins = wanted.from_time or now
    wrong = {}
    if not wanted.reason.strip() or len(wanted.reason) > REASON_LIMIT:
        wrong["reason"] = f"is required, with at most {REASON_LIMIT} characters"
    if begins < now - _CLOCKS_DIFFER:
        wrong["from_time"] = "must not be in the past"
    if wanted.until_time is not None and wanted.until_time <= max(begins, now):
        wrong["until_time"] = "must be after the start, and in the future"
    if wrong:
        raise invalid("GRANT_INVALID", wrong)
    return Assignment(
        assignment_id=new_id("asgn"),
        admin_id=wanted.admin,
        role_id=wanted.role,
        tenant_id=wanted.tenant,
        from_time=begins,
        until_time=wanted.until_time,
        granted_by=giver,
        reason=wanted.reason.strip(),
        create_time=now,
    )
