"""AccessService: who is logging in, and what an admin may do where."""

from datetime import UTC, datetime

from souk.tenant_registry.v1 import access_service_pb2 as pb
from souk.tenant_registry.v1 import access_service_pb2_grpc as pb_grpc

from services.kernel import audit
from services.kernel.db import Database
from services.kernel.errors import InvalidArgument, NotFound, Unauthenticated
from services.kernel.names import parse
from services.tenant_registry.access import messages, queries, rules
from services.tenant_registry.access.passwords import Passwords
from services.tenant_registry.access.sessions import Sessions
from services.tenant_registry.models import Admin

EMAIL_LIMIT = 254
PASSWORD_LIMIT = 1024


class Access(pb_grpc.AccessServiceServicer):
    def __init__(self, db: Database, passwords: Passwords, sessions: Sessions) -> None:
        self._db = db
        self._passwords = passwords
        self._sessions = sessions

    async def Login(self, request: pb.LoginRequest, _context: object) -> pb.LoginResponse:
        email = request.email.strip().lower()
        _check(email, request.password)
        stored = await self._hash_of(email)
        # Between two transactions: 45 ms of hashing must hold neither a connection nor a lock.
        if not await self._passwords.match(stored, request.password) or stored is None:
            raise _wrong()
        newer = await self._renewed(stored, request.password)
        return await self._begin(email, stored, newer)

    async def ResolveAccess(self, request: pb.ResolveAccessRequest, _context: object) -> pb.Access:
        (admin_id,) = parse(request.admin, "admins/{admin}")
        at = parse(request.tenant, "tenants/{tenant}")[0] if request.tenant else None
        async with self._db.platform() as session:
            found = await queries.admin_and_grants(session, admin_id)
        if found is None:
            raise NotFound("ADMIN_NOT_FOUND", f"no admin {request.admin}", admin=request.admin)
        admin, grants = found
        access = rules.access(grants, at=at, now=datetime.now(UTC))
        return pb.Access(
            admin=messages.admin(admin),
            permissions=sorted(access.permissions),
            roles=sorted(access.roles),
        )

    async def _hash_of(self, email: str) -> str | None:
        """Reads an active admin's password hash; None for everybody else, alike."""
        async with self._db.platform() as session:
            admin = await queries.admin_with_email(session, email)
        return admin.password_hash if admin and admin.deactivate_time is None else None

    async def _renewed(self, stored: str, password: str) -> str:
        if self._passwords.is_outdated(stored):
            return await self._passwords.hash(password)
        return stored

    async def _begin(self, email: str, stored: str, newer: str) -> pb.LoginResponse:
        """Records the login; a password that changed meanwhile, or an admin that went, counts."""
        now = datetime.now(UTC)
        async with self._db.platform() as session:
            admin = await queries.admin_with_email(session, email)
            if admin is None or admin.deactivate_time or admin.password_hash != stored:
                raise _wrong()
            admin.last_login_time = now
            admin.password_hash = newer
            # The event says who and when; neither the e-mail nor a hash belongs in a log.
            audit.record(session, resource=f"admins/{admin.admin_id}")
        return self._session(admin, now)

    def _session(self, admin: Admin, now: datetime) -> pb.LoginResponse:
        token, expires = self._sessions.token(admin.admin_id, now=now)
        response = pb.LoginResponse(access_token=token, admin=messages.admin(admin))
        response.expire_time.FromDatetime(expires)
        return response


def _check(email: str, password: str) -> None:
    violations = {}
    if not email or len(email) > EMAIL_LIMIT:
        violations["email"] = f"required, at most {EMAIL_LIMIT} characters"
    if not password or len(password.encode()) > PASSWORD_LIMIT:
        violations["password"] = f"required, at most {PASSWORD_LIMIT} bytes"
    if violations:
        raise InvalidArgument("LOGIN_INVALID", "an e-mail and a password are needed", violations)


def _wrong() -> Unauthenticated:
    return Unauthenticated("CREDENTIALS_INVALID", "the e-mail or the password is wrong")
