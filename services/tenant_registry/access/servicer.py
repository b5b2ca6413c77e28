"""AccessService: who is logging in, what an admin may do where, and why."""

from datetime import UTC, datetime

from souk.tenant_registry.v1 import access_service_pb2 as pb
from souk.tenant_registry.v1 import access_service_pb2_grpc as pb_grpc

from services.kernel.call.errors import NotFound
from services.kernel.call.names import parse
from services.kernel.data.database import Database
from services.tenant_registry.access import messages, queries, rules
from services.tenant_registry.access.passwords import Passwords
from services.tenant_registry.access.sessions import Sessions
from services.tenant_registry.access_grants.queries import opened_to
from services.tenant_registry.explaining.servicer import ExplainMethods
from services.tenant_registry.sessions import opening
from services.tenant_registry.sessions import queries as sessions_queries
from services.tenant_registry.sessions.attempts import Attempts
from services.tenant_registry.sessions.login import LoginMethods, SecondFactors


class Access(LoginMethods, ExplainMethods, pb_grpc.AccessServiceServicer):
    def __init__(
        self,
        db: Database,
        passwords: Passwords,
        sessions: Sessions,
        attempts: Attempts,
        factors: SecondFactors,
        *,
        head_office: str,
    ) -> None:
        self._head_office = head_office
        self._db = db
        self._passwords = passwords
        self._sessions = sessions
        self._attempts = attempts
        self._factors = factors

    async def ResolveAccess(self, request: pb.ResolveAccessRequest, _context: object) -> pb.Access:
        (admin_id,) = parse(request.admin, "admins/{admin}")
        at = parse(request.tenant, "tenants/{tenant}")[0] if request.tenant else None
        now = datetime.now(UTC)
        async with self._db.platform() as session:
            if request.session and not await sessions_queries.live(
                session, admin_id, request.session, now=now
            ):
                raise opening.ended()
            found = await queries.admin_and_grants(session, admin_id)
            opened = await opened_to(session, [admin_id], at, now=now)
        if found is None:
            raise NotFound(
                "ADMIN_NOT_FOUND", f"No such admin: {request.admin}.", admin=request.admin
            )
        admin, grants = found
        access = rules.access(grants, at=at, now=now, opened={self._head_office})
        used = ""
        if at and access.withheld and admin_id in opened:
            used = f"tenants/{at}/accessGrants/{opened[admin_id]}"
            access = rules.access(grants, at=at, now=now, opened={self._head_office, at})
        return pb.Access(
            admin=messages.admin(admin),
            permissions=sorted(access.permissions),
            roles=sorted(access.roles),
            version=admin.access_version or 0,
            withheld=sorted(access.withheld),
            access_grant=used,
        )
