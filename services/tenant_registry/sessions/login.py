"""The login's part of AccessService."""

from datetime import UTC, datetime

from souk.tenant_registry.v1 import access_service_pb2 as pb

from services.kernel import audit
from services.kernel.db import Database
from services.kernel.errors import InvalidArgument, Unauthenticated
from services.tenant_registry.access import queries
from services.tenant_registry.access.passwords import Passwords
from services.tenant_registry.access.sessions import Sessions
from services.tenant_registry.sessions import attempts, opening
from services.tenant_registry.sessions.attempts import Attempts
from services.tenant_registry.sessions.opening import Opened
from services.tenant_registry.sessions.rules import Method

EMAIL_LIMIT = 254
PASSWORD_LIMIT = 1024
# What an event is about when it is about nobody: the address that was tried is in no log.
NOBODY = "admins/unknown"


class LoginMethods:
    _db: Database
    _passwords: Passwords
    _sessions: Sessions
    _attempts: Attempts

    async def Login(self, request: pb.LoginRequest, _context: object) -> pb.LoginResponse:  # noqa: N802
        email = request.email.strip().lower()
        _check(email, request.password)
        await self._attempts.count(email)
        stored = await self._hash_of(email)
        # Between two transactions: 45 ms of hashing must hold neither a connection nor a lock.
        opened = None
        if await self._passwords.match(stored, request.password) and stored is not None:
            newer = await self._renewed(stored, request.password)
            opened = await self._begin(email, stored, newer)
        if opened is None:
            await self._record_failure(email)
            raise Unauthenticated("CREDENTIALS_INVALID", "the e-mail or the password is wrong")
        return self._sessions.answer(opened)

    async def _hash_of(self, email: str) -> str | None:
        """Reads an active admin's password hash; None for everybody else, alike."""
        async with self._db.platform() as session:
            admin = await queries.admin_with_email(session, email)
        return admin.password_hash if admin and admin.deactivate_time is None else None

    async def _renewed(self, stored: str, password: str) -> str:
        if self._passwords.is_outdated(stored):
            return await self._passwords.hash(password)
        return stored

    async def _begin(self, email: str, stored: str, newer: str) -> Opened | None:
        """Begins a session; a password that changed meanwhile, or an admin that went, counts."""
        now = datetime.now(UTC)
        async with self._db.platform() as session:
            admin = await queries.admin_with_email(session, email)
            if admin is None or admin.deactivate_time or admin.password_hash != stored:
                return None
            admin.password_hash = newer
            await attempts.forget(session, email)
            return await opening.begin(session, admin, method=Method.PASSWORD, now=now)

    async def _record_failure(self, email: str) -> None:
        """Records a failed login before it is refused; without the record there is no refusal."""
        async with self._db.platform() as session:
            admin = await queries.admin_with_email(session, email)
            name = f"admins/{admin.admin_id}" if admin else NOBODY
            audit.record(session, resource=name, outcome="DENIED")


def _check(email: str, password: str) -> None:
    violations = {}
    if not email or len(email) > EMAIL_LIMIT:
        violations["email"] = f"required, at most {EMAIL_LIMIT} characters"
    if not password or len(password.encode()) > PASSWORD_LIMIT:
        violations["password"] = f"required, at most {PASSWORD_LIMIT} bytes"
    if violations:
        raise InvalidArgument("LOGIN_INVALID", "an e-mail and a password are needed", violations)
