"""The login method of AccessService."""

from datetime import UTC, datetime

from souk.tenant_registry.v1 import access_service_pb2 as pb
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import Unauthenticated, invalid
from services.kernel.call.passwords import Passwords
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.tenant_registry.accounts import attempts, queries, session_lifecycle
from services.tenant_registry.accounts.attempts import Attempts
from services.tenant_registry.accounts.rules import LoginMethod
from services.tenant_registry.accounts.session_lifecycle import OpenedSession
from services.tenant_registry.accounts.session_tokens import SessionTokens
from services.tenant_registry.accounts.totp import Totp
from services.tenant_registry.accounts.unknown_accounts import count_refusal
from services.tenant_registry.models import Admin
from services.values.emails import canonical_email
from services.values.passwords import PASSWORD_LIMIT, is_too_long


class SecondFactors:
    """Checks second factors at login."""

    def __init__(self, totp: Totp) -> None:
        self._totp = totp

    async def method(
        self, session: AsyncSession, admin: Admin, code: str, *, now: datetime
    ) -> LoginMethod | Unauthenticated:
        """Checks the second factor, if it is on; returns how the login was made."""
        factor = await queries.second_factor(session, admin.admin_id)
        if factor is None or factor.confirm_time is None:
            return LoginMethod.PASSWORD
        if not code:
            return Unauthenticated(
                "TOTP_REQUIRED", "The code of the second factor is required too."
            )
        used = await self._totp.use_code(session, factor, code, now=now)
        return used or Unauthenticated("TOTP_INVALID", "The code is incorrect or was already used.")


class LoginMethods:
    _db: Database
    _passwords: Passwords
    _tokens: SessionTokens
    _attempts: Attempts
    _factors: SecondFactors

    async def Login(self, request: pb.LoginRequest, _context: object) -> pb.LoginResponse:
        email = canonical_email(request.email)
        _check(email, request.password)
        await self._attempts.count(email)
        stored = await self._hash_of(email)
        # Between transactions: 45 ms of hashing must hold neither a connection nor a lock.
        outcome: OpenedSession | Unauthenticated = _wrong_credentials()
        if await self._passwords.match(stored, request.password) and stored is not None:
            new_hash = await self._passwords.renewed(stored, request.password)
            outcome = await self._begin(email, stored, new_hash, code=request.totp)
        if isinstance(outcome, Unauthenticated):
            await self._record_failure(email, outcome.reason)
            raise outcome
        return self._tokens.login_response(outcome)

    async def _hash_of(self, email: str) -> str | None:
        """Reads an active admin's password hash; None for anybody else."""
        async with self._db.platform() as session:
            admin = await queries.admin_with_email(session, email)
        return admin.password_hash if admin and admin.deactivate_time is None else None

    async def _begin(
        self, email: str, stored: str, new_hash: str, *, code: str
    ) -> OpenedSession | Unauthenticated:
        """Begins a session, unless the password changed or the admin was deactivated meanwhile."""
        now = datetime.now(UTC)
        async with self._db.platform() as session:
            admin = await queries.admin_with_email(session, email)
            if admin is None or admin.deactivate_time or admin.password_hash != stored:
                return _wrong_credentials()
            method = await self._factors.method(session, admin, code, now=now)
            if isinstance(method, Unauthenticated):
                return method
            admin.password_hash = new_hash
            await attempts.reset(session, email)
            return await session_lifecycle.begin(session, admin, method=method, now=now)

    async def _record_failure(self, email: str, reason: str) -> None:
        """Records a failed login before it is refused."""
        async with self._db.platform() as session:
            admin = await queries.admin_with_email(session, email)
        if admin is None:
            await count_refusal(self._db, reason)
            return
        async with self._db.platform() as session:
            name = f"admins/{admin.admin_id}"
            audit.record(session, resource=name, outcome="DENIED", reason=reason)


def _wrong_credentials() -> Unauthenticated:
    return Unauthenticated("CREDENTIALS_INVALID", "Invalid email or password")


def _check(email: str, password: str) -> None:
    violations = {}
    if not email:
        violations["email"] = "must not be empty"
    if not password or is_too_long(password):
        violations["password"] = f"must not be empty, and have at most {PASSWORD_LIMIT} bytes"
    if violations:
        raise invalid("LOGIN_INVALID", violations)
