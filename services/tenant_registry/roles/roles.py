"""RoleService: lists roles, and manages a tenant's own."""

from dataclasses import dataclass
from datetime import UTC, datetime

from souk.tenant_registry.v1 import role_service_pb2 as pb
from souk.tenant_registry.v1 import role_service_pb2_grpc as pb_grpc
from souk.tenant_registry.v1.assignment_service_pb2 import Effect
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import FailedPrecondition, NotFound, invalid
from services.kernel.call.names import new_id
from services.kernel.call.scope import current_scope
from services.kernel.data import requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.tenant_registry.caller import place_and_id, place_of
from services.tenant_registry.models import Policy, Role
from services.tenant_registry.roles import (
    assignment_rules,
    effects,
    errors,
    locking,
    messages,
    queries,
    role_rules,
)
from services.tenant_registry.roles.assignment_rules import Holder


class RoleServicer(pb_grpc.RoleServiceServicer):
    def __init__(self, db: Database, *, head_office: str) -> None:
        self._db = db
        self._head_office = head_office

    async def GetRole(self, request: pb.GetRoleRequest, _context: object) -> pb.Role:
        tenant, role_id = place_and_id(request.name, "roles/{role}")
        async with self._db.platform() as session:
            row = await queries.role_at(session, role_id, tenant)
            if row is None:
                raise _not_found()
            return messages.role(row, (await queries.policies_of(session, [role_id]))[role_id])

    async def ListRoles(
        self, request: pb.ListRolesRequest, _context: object
    ) -> pb.ListRolesResponse:
        tenant = place_of(request.parent)
        async with self._db.platform() as session:
            rows = await queries.roles_at(session, tenant)
            policies = await queries.policies_of(session, [row.role_id for row in rows])
        return pb.ListRolesResponse(
            roles=[messages.role(row, policies[row.role_id]) for row in rows]
        )

    async def CreateRole(self, request: pb.CreateRoleRequest, _context: object) -> pb.Role:
        current_scope().require_parent(request.parent)
        _check(request.role)
        async with self._db.platform() as session:
            if answer := await requests.stored_answer(session, request, pb.Role):
                return answer
            maker = await _lock_maker(session)
            maker.may_hold(list(request.role.permissions))
            if await queries.number_of_roles(session, maker.tenant) >= role_rules.MOST_ROLES:
                raise FailedPrecondition(
                    "ROLES_FULL",
                    f"A tenant can have at most {role_rules.MOST_ROLES} roles. Delete one first.",
                )
            row, policy = _new(request.role, maker.tenant)
            session.add(row)
            # The role first: the session does not know that its policy refers to it.
            await session.flush()
            session.add(policy)
            message = messages.role(row, [policy])
            audit.record(session, resource=message.name, after=message)
            return await requests.remember(session, request, message)

    async def UpdateRole(self, request: pb.UpdateRoleRequest, _context: object) -> pb.Role:
        role_id = _own_role_id(request.role.name)
        async with self._db.platform() as session:
            scope = current_scope()
            parties = await locking.lock_holders_of_role(
                session, role_id, scope.tenant or "", scope.actor
            )
            maker = await _maker(session, parties.actor, parties.now)
            row, policy = await _existing(session, role_id, maker)
            before = messages.role(row, [policy])
            after = updates.apply(request.role, request.update_mask, to=before)
            after.permissions.sort()
            after.policies[0].permissions[:] = after.permissions
            _check(after)
            if after == before:
                return before
            maker.may_hold(list(after.permissions))
            changes = self._effects_of_change(parties, before, after, maker.tenant)
            if not request.validate_only:
                _write(row, policy, after)
                parties.changed()
                after = messages.role(row, [policy])
                audit.record(session, resource=after.name, before=before, after=after)
            after.effects.extend(changes)
            return after

    async def DeleteRole(self, request: pb.DeleteRoleRequest, _context: object) -> pb.Role:
        role_id = _own_role_id(request.name)
        async with self._db.platform() as session:
            maker = await _lock_maker(session)
            row, policy = await _existing(session, role_id, maker)
            updates.check_etag(request.etag, row.version or 0)
            if await queries.is_in_use(session, role_id):
                raise FailedPrecondition(
                    "ROLE_IN_USE",
                    "This role was given to an admin, now or before, so it cannot be deleted.",
                )
            message = messages.role(row, [policy])
            audit.record(session, resource=message.name, before=message)
            # The policy first, as it refers to the role.
            await session.delete(policy)
            await session.flush()
            await session.delete(row)
            return message

    def _effects_of_change(
        self, parties: locking.ActorAndHolders, before: pb.Role, after: pb.Role, tenant: str
    ) -> list[Effect]:
        """Returns the effects on those who hold a role of changing it, if that is allowed."""
        if after.permissions == before.permissions:
            return []
        added = sorted(set(after.permissions) - set(before.permissions))
        with errors.refusals_as_errors():
            assignment_rules.may_change_role(
                parties.actor, parties.holders, tenant=tenant, added=added, now=parties.now
            )
        _, role_id = place_and_id(after.name, "roles/{role}")
        found = [
            effect
            for holder in parties.holders
            for effect in effects.between(
                holder, holder.with_role_changed(role_id, after.permissions),
                now=parties.now, head_office=self._head_office,
            )
        ]  # fmt: skip
        return found[: effects.LIMIT]


@dataclass(frozen=True, slots=True)
class _Maker:
    """The maker of a role, with what they and a TenantAdmin hold for good at the tenant."""

    tenant: str
    held: frozenset[str]
    ceiling: frozenset[str]

    def may_hold(self, permissions: list[str]) -> None:
        with errors.refusals_as_errors():
            role_rules.may_hold(permissions, ceiling=self.ceiling, held=self.held)

    def may_change(self, permissions: list[str]) -> None:
        with errors.refusals_as_errors():
            role_rules.may_change(permissions, held=self.held)


async def _lock_maker(session: AsyncSession) -> _Maker:
    """Reads the maker under the locks under which the tenant's roles are given."""
    scope = current_scope()
    admin_id = scope.actor.removeprefix("admins/")
    parties = await locking.lock_actor_and_target(session, {scope.tenant}, scope.actor, admin_id)
    return await _maker(session, parties.actor, parties.now)


async def _maker(session: AsyncSession, actor: Holder, now: datetime) -> _Maker:
    tenant = current_scope().tenant or ""
    policies = (await queries.policies_of(session, [role_rules.CEILING]))[role_rules.CEILING]
    return _Maker(
        tenant=tenant,
        held=actor.may(tenant, now=now, until=None),
        ceiling=frozenset(
            permission
            for policy in policies
            if policy.reach == "TENANT"
            for permission in policy.permissions
        ),
    )


async def _existing(session: AsyncSession, role_id: str, maker: _Maker) -> tuple[Role, Policy]:
    row = await queries.role_at(session, role_id, maker.tenant, own=True)
    if row is None:
        raise _not_found()
    (policy,) = (await queries.policies_of(session, [role_id]))[role_id]
    maker.may_change(policy.permissions)
    return row, policy


def _own_role_id(name: str) -> str:
    _, role_id = place_and_id(name, "roles/{role}")
    return role_id


def _not_found() -> NotFound:
    return NotFound("ROLE_NOT_FOUND", "No such role here.")


def _check(message: pb.Role) -> None:
    if violations := role_rules.violations(message.display_name, list(message.permissions)):
        raise invalid("ROLE_INVALID", violations)


def _new(message: pb.Role, tenant: str) -> tuple[Role, Policy]:
    now, role_id = datetime.now(UTC), new_id("role")
    row = Role(role_id=role_id, tenant_id=tenant, description="", create_time=now, version=0)
    policy = Policy(
        policy_id=new_id("pol"), role_id=role_id, reach="TENANT", permissions=[], description=""
    )
    _write(row, policy, message)
    return row, policy


def _write(row: Role, policy: Policy, message: pb.Role) -> None:
    row.display_name = message.display_name.strip()
    row.description = message.description.strip()
    row.update_time = datetime.now(UTC)
    row.version = (row.version or 0) + 1
    policy.permissions = sorted(message.permissions)
