"""AccessGrantService: opens a tenant to a platform admin, for a reason and a limited time."""

from datetime import datetime, timedelta
from functools import partial

from souk.tenant_registry.v1 import access_grant_service_pb2 as pb
from souk.tenant_registry.v1 import access_grant_service_pb2_grpc as pb_grpc
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import NotFound, invalid
from services.kernel.call.names import new_id, parse
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.evidence.coalescing import Coalescer
from services.kernel.evidence.denials import loggable_name
from services.tenant_registry.models import AccessGrant, AccessGrantEnd
from services.tenant_registry.roles import locking, queries
from services.tenant_registry.roles.messages import access_grant

LONGEST = timedelta(minutes=15)
NAME = "tenants/{tenant}/accessGrants/{access_grant}"


class AccessGrantServicer(pb_grpc.AccessGrantServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db
        self._uses = Coalescer()

    async def CreateAccessGrant(
        self, request: pb.CreateAccessGrantRequest, _context: object
    ) -> pb.AccessGrant:
        scope = current_scope()
        scope.require_parent(request.parent)
        ttl = _checked_ttl(request)
        async with self._db.platform() as session:
            if answer := await requests.stored_answer(session, request, pb.AccessGrant):
                return answer
            parties = await locking.lock_actor_and_target(
                session, set(), scope.actor, _admin_of(scope.actor)
            )
            parties.require_active_target()
            row = AccessGrant(
                tenant_id=scope.tenant,
                access_grant_id=new_id("agr"),
                admin_id=parties.target.admin,
                reason=request.access_grant.reason.strip(),
                create_time=parties.now,
                expire_time=parties.now + ttl,
            )
            session.add(row)
            parties.changed()
            message = access_grant(row)
            audit.record(session, resource=message.name, after=message)
            return await requests.remember(session, request, message)

    async def DeleteAccessGrant(
        self, request: pb.DeleteAccessGrantRequest, _context: object
    ) -> pb.AccessGrant:
        scope = current_scope()
        scope.require(request.name)
        tenant, access_grant_id = parse(request.name, NAME)
        async with self._db.platform() as session:
            row = await _row(session, tenant, access_grant_id)
            # No place is locked: an access grant changes nobody's roles.
            parties = await locking.lock_actor_and_target(session, set(), scope.actor, row.admin_id)
            # Somebody may have ended it while this waited for the locks.
            await session.refresh(row)
            before = access_grant(row)
            if row.is_open(parties.now):
                row.end = AccessGrantEnd(ended_by=scope.actor, end_time=parties.now)
                parties.changed()
                audit.record(session, resource=before.name, before=before, after=access_grant(row))
            return access_grant(row)

    async def ListAccessGrants(
        self, request: pb.ListAccessGrantsRequest, _context: object
    ) -> pb.ListAccessGrantsResponse:
        current_scope().require_parent(request.parent)
        key = {"create_time": datetime, "access_grant_id": str}
        page = pages.read(request, key=key, descending=True)
        async with self._db.tenant() as session:
            rows = await queries.page_of_access_grants(session, page)
            total = await queries.number_of_access_grants(session)
        page_rows, token = page.cut(rows, key=lambda row: (row.create_time, row.access_grant_id))
        return pb.ListAccessGrantsResponse(
            access_grants=[access_grant(row) for row in page_rows],
            next_page_token=token,
            total_size=total,
        )

    async def RecordUse(
        self, request: pb.RecordUseRequest, _context: object
    ) -> pb.RecordUseResponse:
        tenant, access_grant_id = parse(request.name, NAME)
        use = (tenant, access_grant_id, loggable_name(request.attempt))
        await self._uses.count((current_scope().session, use), partial(self._record_use, *use))
        return pb.RecordUseResponse()

    async def _record_use(
        self, tenant: str, access_grant_id: str, attempt: str, times: int
    ) -> None:
        """Records a use as an event; its actor is the holder of the access grant."""
        async with self._db.platform() as session:
            use = access_grant(await _row(session, tenant, access_grant_id))
            audit.record(
                session,
                resource=use.name,
                tenant=tenant,
                actor=use.admin,
                attempt=attempt,
                times=times,
            )


async def _row(session: AsyncSession, tenant: str, access_grant_id: str) -> AccessGrant:
    row = await queries.access_grant(session, tenant, access_grant_id)
    if row is None:
        raise NotFound("ACCESS_GRANT_NOT_FOUND", "No such access grant here.")
    return row


def _admin_of(actor: str) -> str:
    """Extracts the id from an admin's name; other actors are treated as unknown admins."""
    return actor.removeprefix("admins/")


def _checked_ttl(request: pb.CreateAccessGrantRequest) -> timedelta:
    violations = {}
    if not request.access_grant.reason.strip():
        violations["reason"] = "must not be empty"
    if not 0 < request.ttl.seconds <= LONGEST.total_seconds():
        violations["ttl"] = "must be greater than zero and at most 15 minutes"
    if violations:
        raise invalid("ACCESS_GRANT_INVALID", violations)
    return timedelta(seconds=request.ttl.seconds)
