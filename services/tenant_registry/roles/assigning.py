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
from services.tenant_registry.roles.assignment_rules import GLOBAL_ADMIN, TENANT_ADMIN, Holder
from services.tenant_registry.roles.evaluation import AssignedPolicy
from services.tenant_registry.roles.locking import ActorAndTarget
from services.tenant_registry.roles.permissions import TENANT

# The giver of the first admin's role, and of a new tenant's first.
REGISTRY = "services/tenant-registry"
_CLOCK_TOLERANCE = timedelta(minutes=1)  # the clock of a caller who says "now" may be behind ours
# A role that expires is renewed when less than this is left.
_RENEW_BELOW = timedelta(days=15)


@dataclass(frozen=True, slots=True)
class RequestedRole:
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


async def give(session: AsyncSession, requested: RequestedRole, *, dry: bool = False) -> Change:
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
    return await _give(session, requested, current_scope().actor, dry=dry, accepted=False)


async def give_accepted(session: AsyncSession, requested: RequestedRole, *, giver: str) -> Change:
    """Gives a role that its admin has accepted, in the name of whoever offered it.

    Raises:
        The same as `give`.
    """
    return await _give(session, requested, giver, dry=False, accepted=True)


async def _give(
    session: AsyncSession, requested: RequestedRole, giver: str, *, dry: bool, accepted: bool
) -> Change:
    if requested.tenant is not None and await session.get(Tenant, requested.tenant) is None:
        name = f"tenants/{requested.tenant}"
        raise NotFound("TENANT_NOT_FOUND", f"No such tenant: {name}.", tenant=name)
    parties = await locking.lock_actor_and_target(
        session, {requested.tenant}, giver, requested.admin
    )
    parties.require_active_target()
    if not accepted and not assignment_rules.may_know(
        parties.actor, parties.target, requested.tenant, now=parties.now
    ):
        raise errors.admin_not_found(requested.admin)
    assignment = _assignment(requested, giver, parties.now)
    policies = await _policies(session, assignment)
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


async def _policies(session: AsyncSession, assignment: Assignment) -> list[AssignedPolicy]:
    """Reads what an assignment would give; refuses a role that its place does not have."""
    policies = await holder_queries.policies_of_role(session, assignment)
    if not policies:
        text = "This role does not exist or cannot be given here."
        raise NotFound("ROLE_NOT_FOUND", text, role=assignment.role_id)
    return policies


async def check_offer(session: AsyncSession, requested: RequestedRole) -> None:
    """Checks that the caller could give a role to a new holder, without writing anything.

    Raises:
        PermissionDenied: ROLE_IS_GLOBAL or GRANT_EXCEEDS.
        NotFound: ROLE_NOT_FOUND.
        InvalidArgument: GRANT_INVALID, the reason.
    """
    giver = current_scope().actor
    # A new holder has no row to lock, so the giver is locked in both roles.
    parties = await locking.lock_actor_and_target(
        session, {requested.tenant}, giver, giver.removeprefix("admins/")
    )
    assignment = _assignment(requested, giver, parties.now)
    policies = await _policies(session, assignment)
    with errors.refusals_as_errors():
        new_holder = Holder(admin=requested.admin, active=True)
        assignment_rules.may_give(parties.actor, new_holder, policies, now=parties.now)


async def check_withdrawal(
    session: AsyncSession, requested: RequestedRole, *, offered_by: str
) -> None:
    """Checks that the caller may withdraw an offer: their own, or one of what they hold too.

    Raises:
        PermissionDenied: GRANT_OVER_MORE.
    """
    actor = current_scope().actor
    if actor == offered_by:
        return
    parties = await locking.lock_actor_and_target(
        session, {requested.tenant}, actor, actor.removeprefix("admins/")
    )
    assignment = _assignment(requested, offered_by, parties.now)
    offered = await holder_queries.policies_of_role(session, assignment)
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
    unchanged: set[tuple[str, str | None]] = set()
    # Read again: before, it was not locked, and only said which places to lock.
    for row in await holder_queries.given_by(session, admin_id, giver):
        is_claimed = (row.role_id, row.tenant_id) in roles
        if (
            is_claimed
            and row.until_time is not None
            and row.until_time > parties.now + _RENEW_BELOW
        ):
            unchanged.add((row.role_id, row.tenant_id))
        else:
            reason = "renewed" if is_claimed else f"{giver} no longer sends the claim"
            _revoke(session, parties, row, giver, reason=reason)
    for role, tenant in sorted(set(roles) - unchanged, key=str):
        reason = f"claim from {giver}"
        assignment = _assignment(
            RequestedRole(admin_id, role, tenant, reason, until_time=until), giver, parties.now
        )
        policies = await holder_queries.policies_of_role(session, assignment)
        tenant_exists = tenant is None or await session.get(Tenant, tenant) is not None
        fits_place = tenant is None or all(policy.reach == TENANT for policy in policies)
        if policies and tenant_exists and fits_place:
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
        NotFound: ASSIGNMENT_NOT_FOUND, also for one of another place.
    """
    taker = by or current_scope().actor
    row = await holder_queries.assignment_at(session, assignment_id, tenant)
    if row is None:
        raise NotFound("ASSIGNMENT_NOT_FOUND", "No such assignment here.")
    parties = await locking.lock_actor_and_target(session, {tenant}, taker, row.admin_id)
    # Whom to lock was only known from the row; somebody may have revoked it meanwhile.
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
    first = RequestedRole(admin_id, role, tenant, reason)
    _write(session, parties, _assignment(first, REGISTRY, parties.now))
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


def _assignment(requested: RequestedRole, giver: str, now: datetime) -> Assignment:
    begins = requested.from_time or now
    violations = {}
    if not requested.reason.strip():
        violations["reason"] = "must not be empty"
    if begins < now - _CLOCK_TOLERANCE:
        violations["from_time"] = "must not be in the past"
    if requested.until_time is not None and requested.until_time <= max(begins, now):
        violations["until_time"] = "must be after the start, and in the future"
    if violations:
        raise invalid("GRANT_INVALID", violations)
    return Assignment(
        assignment_id=new_id("asgn"),
        admin_id=requested.admin,
        role_id=requested.role,
        tenant_id=requested.tenant,
        from_time=begins,
        until_time=requested.until_time,
        granted_by=giver,
        reason=requested.reason.strip(),
        create_time=now,
    )
