"""The methods of AccessService on what an admin may do where, and why."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime

from souk.tenant_registry.v1 import access_service_pb2 as pb
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import NotFound, invalid
from services.kernel.call.names import parse
from services.kernel.data.database import Database
from services.tenant_registry import caller
from services.tenant_registry.caller import place_of
from services.tenant_registry.models import AccessGrant, Admin
from services.tenant_registry.roles import evaluation, holder_queries, messages
from services.tenant_registry.roles.decision_facts import decision_facts
from services.tenant_registry.roles.errors import admin_not_found
from services.tenant_registry.roles.evaluation import Verdict
from services.tenant_registry.roles.holder_queries import access_grants_open_to
from services.tenant_registry.roles.permissions import PERMISSIONS, PLATFORM, TENANT


class AccessMethods:
    _db: Database
    _head_office: str

    async def ResolveAccess(self, request: pb.ResolveAccessRequest, _context: object) -> pb.Access:
        (admin_id,) = parse(request.admin, "admins/{admin}")
        at = parse(request.tenant, "tenants/{tenant}")[0] if request.tenant else None
        now = datetime.now(UTC)
        facts = await decision_facts(self._db, admin_id, at, session=request.session, now=now)
        if request.session and not (facts and facts.has_session):
            raise caller.session_ended()
        if facts is None or facts.admin.deactivate_time is not None:
            raise NotFound(
                "ADMIN_NOT_FOUND", f"No such admin: {request.admin}.", admin=request.admin
            )
        admin, policies = facts.admin, facts.policies
        access = evaluation.access(policies, at=at, now=now, open_tenants={self._head_office})
        access_grant = ""
        # Named only where it adds something: the uses of one that is named are recorded.
        if at and access.withheld and facts.access_grant_id:
            access_grant = f"tenants/{at}/accessGrants/{facts.access_grant_id}"
            access = evaluation.access(
                policies, at=at, now=now, open_tenants={self._head_office, at}
            )
        return pb.Access(
            admin=messages.admin(admin),
            permissions=sorted(access.permissions),
            roles=sorted(access.roles),
            version=admin.access_version or 0,
            withheld=sorted(access.withheld),
            access_grant=access_grant,
        )

    async def ExplainAccess(
        self, request: pb.ExplainAccessRequest, _context: object
    ) -> pb.ExplainAccessResponse:
        at = place_of(request.parent)
        if request.permission not in PERMISSIONS[PLATFORM if at is None else TENANT]:
            text = "must be one that exists at this place, for example listing:write at a tenant"
            raise invalid("PERMISSION_UNKNOWN", {"permission": text})
        now = datetime.now(UTC)
        async with self._db.platform() as session:
            if request.admin:
                (admin_id,) = parse(request.admin, "admins/{admin}")
                explanation = await self._explain_one(
                    session, admin_id, at, request.permission, now
                )
                return pb.ExplainAccessResponse(explanations=[explanation])
            explanations = [
                m async for m in self._explain_all(session, at, request.permission, now)
            ]
        listed = explanations[: holder_queries.EXPLAINED_LIMIT]
        return pb.ExplainAccessResponse(explanations=listed, more=len(explanations) > len(listed))

    async def _explain_one(
        self, session: AsyncSession, admin_id: str, at: str | None, permission: str, now: datetime
    ) -> pb.Explanation:
        row = await session.get(Admin, admin_id)
        rows, policies = await holder_queries.assignments_and_policies(session, admin_id, at)
        # To a tenant, an admin without any role there looks like one who does not exist.
        if row is None or (at is not None and not rows):
            raise admin_not_found(admin_id)
        open_tenants = {self._head_office}
        access_grants = await holder_queries.access_grants_of(session, admin_id, at) if at else []
        open_tenants |= {grant.tenant_id for grant in access_grants if grant.is_open(now)}
        active = row.deactivate_time is None
        message = pb.Explanation(admin=messages.admin(row))
        for assignment in rows:
            verdict = evaluation.nearest(
                evaluation.policy_effect(
                    policy, at=at, now=now, open_tenants=open_tenants, active=active
                ).about(permission)
                for policy in policies[assignment.assignment_id]
            )
            name = messages.assignment(assignment)
            message.reasons.add(source=name.name, role=name.role, verdict=verdict)
        message.allowed = any(reason.verdict == Verdict.COUNTS for reason in message.reasons)
        message.reasons.extend(_reasons_of_access_grants(access_grants, now))
        return message

    async def _explain_all(
        self, session: AsyncSession, at: str | None, permission: str, now: datetime
    ) -> AsyncIterator[pb.Explanation]:
        admins, policies = await holder_queries.admins_and_policies(session, at, now=now)
        admin_ids = [row.admin_id for row in admins]
        grant_ids = await access_grants_open_to(session, admin_ids, at, now=now)
        for row in admins:
            places = {self._head_office} | ({at} if at and row.admin_id in grant_ids else set())
            held = evaluation.access(policies[row.admin_id], at=at, now=now, open_tenants=places)
            if permission in held.permissions:
                yield pb.Explanation(admin=messages.admin(row), allowed=True)


def _verdict(access_grant: AccessGrant, now: datetime) -> Verdict:
    if access_grant.end is not None:
        return Verdict.REVOKED
    return Verdict.COUNTS if access_grant.is_open(now) else Verdict.EXPIRED


def _reasons_of_access_grants(
    access_grants: Sequence[AccessGrant], now: datetime
) -> Iterator[pb.Explanation.Reason]:
    for access_grant in access_grants:
        verdict = _verdict(access_grant, now)
        name = f"tenants/{access_grant.tenant_id}/accessGrants/{access_grant.access_grant_id}"
        yield pb.Explanation.Reason(source=name, verdict=verdict)
