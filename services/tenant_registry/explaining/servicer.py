"""The method of AccessService that explains access."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime

from souk.tenant_registry.v1 import access_service_pb2 as pb
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import invalid
from services.kernel.call.names import parse
from services.kernel.data.database import Database
from services.tenant_registry.access import messages, rules
from services.tenant_registry.access.places import place_of
from services.tenant_registry.access.rules import PERMISSIONS, PLATFORM, TENANT, Verdict
from services.tenant_registry.access.standing import admin_not_found
from services.tenant_registry.access_grants.queries import opened_to
from services.tenant_registry.explaining import queries
from services.tenant_registry.models import AccessGrant, Admin


class ExplainMethods:
    _db: Database
    _head_office: str

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
                one = await self._one(session, admin_id, at, request.permission, now)
                return pb.ExplainAccessResponse(explanations=[one])
            found = [m async for m in self._everybody(session, at, request.permission, now)]
        shown = found[: queries.MOST]
        return pb.ExplainAccessResponse(explanations=shown, more=len(found) > len(shown))

    async def _one(
        self, session: AsyncSession, admin_id: str, at: str | None, permission: str, now: datetime
    ) -> pb.Explanation:
        row = await session.get(Admin, admin_id)
        rows, grants = await queries.everything_given(session, admin_id, at)
        # To a tenant, an admin without any role there looks like one who does not exist.
        if row is None or (at is not None and not rows):
            raise admin_not_found(admin_id)
        opened = {self._head_office}
        access_grants = await queries.access_grants_of(session, admin_id, at) if at else []
        opened |= {one.tenant_id for one in access_grants if one.is_open(now)}
        active = row.deactivate_time is None
        message = pb.Explanation(admin=messages.admin(row))
        for given in rows:
            verdict = rules.told(
                rules.weighed(grant, at=at, now=now, opened=opened, active=active).about(permission)
                for grant in grants[given.assignment_id]
            )
            name = messages.assignment(given)
            message.reasons.add(source=name.name, role=name.role, verdict=verdict)
        message.allowed = any(one.verdict == Verdict.COUNTS for one in message.reasons)
        message.reasons.extend(_of_grants(access_grants, now))
        return message

    async def _everybody(
        self, session: AsyncSession, at: str | None, permission: str, now: datetime
    ) -> AsyncIterator[pb.Explanation]:
        admins, grants = await queries.everybody_at(session, at, now=now)
        opened = await opened_to(session, [row.admin_id for row in admins], at, now=now)
        for row in admins:
            places = {self._head_office} | ({at} if at and row.admin_id in opened else set())
            held = rules.access(grants[row.admin_id], at=at, now=now, opened=places)
            if permission in held.permissions:
                yield pb.Explanation(admin=messages.admin(row), allowed=True)


def _verdict(one: AccessGrant, now: datetime) -> Verdict:
    if one.end is not None:
        return Verdict.REVOKED
    return Verdict.COUNTS if one.is_open(now) else Verdict.EXPIRED


def _of_grants(
    access_grants: Sequence[AccessGrant], now: datetime
) -> Iterator[pb.Explanation.Reason]:
    for one in access_grants:
        verdict = _verdict(one, now)
        name = f"tenants/{one.tenant_id}/accessGrants/{one.access_grant_id}"
        yield pb.Explanation.Reason(source=name, verdict=verdict)
