"""SessionService: refreshes, lists and ends sessions."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.tenant_registry.v1 import access_service_pb2 as access
from souk.tenant_registry.v1 import session_service_pb2 as pb
from souk.tenant_registry.v1 import session_service_pb2_grpc as pb_grpc
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import NotFound, Unauthenticated
from services.kernel.call.names import parse
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database
from services.tenant_registry import caller
from services.tenant_registry.accounts import (
    messages,
    one_time_tokens,
    rules,
    session_lifecycle,
    session_queries,
)
from services.tenant_registry.accounts.rules import SessionEnd, TokenUse
from services.tenant_registry.accounts.session_lifecycle import REFRESH, OpenedSession
from services.tenant_registry.accounts.session_tokens import BEARER, COOKIE, SessionTokens
from services.tenant_registry.models import Admin, AdminSession, RefreshToken


class SessionServicer(pb_grpc.SessionServiceServicer):
    def __init__(self, db: Database, tokens: SessionTokens) -> None:
        self._db = db
        self._tokens = tokens

    async def RefreshSession(
        self, request: pb.RefreshSessionRequest, _context: object
    ) -> access.LoginResponse:
        async with self._db.platform() as session:
            opened = await _refresh(session, request.refresh_token, now=datetime.now(UTC))
        # After the transaction, so that ending a session for a stolen token is committed.
        if opened is None:
            raise Unauthenticated(
                "REFRESH_TOKEN_INVALID", "The refresh token is no longer valid. Log in again."
            )
        return self._tokens.login_response(opened)

    async def RenewSession(
        self, request: pb.RenewSessionRequest, _context: object
    ) -> access.LoginResponse:
        async with self._db.platform() as session:
            now = datetime.now(UTC)
            row = await caller.own_session(session, now=now, lock=True)
            admin = await session.get_one(Admin, row.admin_id)
            session_lifecycle.record_use(session, row, now=now)
        kind = COOKIE if request.for_cookie else BEARER
        return self._tokens.login_response(OpenedSession(admin, row), kind)

    async def ListSessions(
        self, request: pb.ListSessionsRequest, _context: object
    ) -> pb.ListSessionsResponse:
        scope, now = current_scope(), datetime.now(UTC)
        (admin_id,) = parse(request.parent, "admins/{admin}")
        async with self._db.platform() as session:
            own = await caller.own_session(session, now=now)
            if request.parent != scope.actor:
                raise _session_not_found()
            rows = await session_queries.live_sessions(session, admin_id, now=now)
        return pb.ListSessionsResponse(
            sessions=[messages.session(row, current=row is own) for row in rows]
        )

    async def DeleteSession(self, request: pb.DeleteSessionRequest, _context: object) -> Empty:
        admin_id, session_id = parse(request.name, "admins/{admin}/sessions/{session}")
        now = datetime.now(UTC)
        async with self._db.platform() as session:
            own = await caller.own_session(session, now=now)
            row = None
            if admin_id == own.admin_id:
                row = await caller.live_session(session, admin_id, session_id, now=now, lock=True)
            if row is None:
                raise _session_not_found()
            session_lifecycle.end(session, row, SessionEnd.LOGGED_OUT, now=now)
        return Empty()


async def _refresh(session: AsyncSession, token: str, *, now: datetime) -> OpenedSession | None:
    """Exchanges a refresh token; None if it is invalid. A reused one ends its session."""
    token_hash = one_time_tokens.digest(REFRESH, token)
    family = await session_queries.session_of_token(session, token_hash) if token_hash else None
    if family is None:
        return None
    admin = await session.get_one(Admin, family.admin_id)
    row = await session.get_one(RefreshToken, token_hash)
    is_live = rules.is_session_live(
        revoke_time=family.revoke_time, end_time=family.end_time, now=now
    )
    if not is_live or admin.deactivate_time is not None:
        return None
    with session_lifecycle.acting_as_admin(family):
        return await _exchange(session, token, row, family, admin, now=now)


async def _exchange(
    session: AsyncSession,
    token: str,
    row: RefreshToken,
    family: AdminSession,
    admin: Admin,
    *,
    now: datetime,
) -> OpenedSession | None:
    successor = one_time_tokens.decrypted_successor(token, row.successor) if row.successor else ""
    is_used = await session_queries.is_token_used(session, one_time_tokens.hashed(successor))
    match rules.token_use(row.use_time, is_successor_used=is_used, now=now):
        case TokenUse.REUSED:
            session_lifecycle.end(session, family, SessionEnd.TOKEN_REUSED, now=now)
            return None
        case TokenUse.REPEATED:
            return OpenedSession(admin, family, successor)
        case TokenUse.LATEST:
            successor = await session_lifecycle.new_refresh_token(session, family, now=now)
            row.use_time = now
            row.successor = one_time_tokens.encrypted_successor(token, successor)
            session_lifecycle.record_use(session, family, now=now)
            return OpenedSession(admin, family, successor)


def _session_not_found() -> NotFound:
    return NotFound("SESSION_NOT_FOUND", "No such session.")
