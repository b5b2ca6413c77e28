"""AccountService: an admin's own password and second factor."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.tenant_registry.v1 import account_service_pb2 as pb
from souk.tenant_registry.v1 import account_service_pb2_grpc as pb_grpc
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import (
    AlreadyExists,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    conflict,
    invalid,
)
from services.kernel.call.passwords import Passwords
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.mail.mailer import Mailer
from services.tenant_registry import caller
from services.tenant_registry.accounts import (
    attempts,
    mail_texts,
    one_time_tokens,
    queries,
    rules,
    session_queries,
    totp,
)
from services.tenant_registry.accounts.attempts import Attempts
from services.tenant_registry.accounts.mail_limits import RESETS, RESETS_A_DAY
from services.tenant_registry.accounts.queries import admin_with_email
from services.tenant_registry.accounts.rules import SessionEnd
from services.tenant_registry.accounts.totp import Totp
from services.tenant_registry.accounts.unknown_accounts import count_refusal
from services.tenant_registry.models import Admin, PasswordReset, RecoveryCode, SecondFactor
from services.values.emails import canonical_email
from services.values.passwords import password_flaw

RESET = "reset"


class AccountServicer(pb_grpc.AccountServiceServicer):
    def __init__(
        self, db: Database, passwords: Passwords, attempts: Attempts, totp: Totp, mailer: Mailer
    ) -> None:
        self._db = db
        self._passwords = passwords
        self._attempts = attempts
        self._totp = totp
        self._mailer = mailer

    async def ChangePassword(self, request: pb.ChangePasswordRequest, _context: object) -> Empty:
        own = await self._with_password(request.current_password)
        _check(request.new_password, own.email, field="new_password")
        new_hash, now = await self._passwords.hash(request.new_password), datetime.now(UTC)
        async with self._db.platform() as session:
            admin = await self._lock_unchanged(session, own, now=now)
            await _set_password(session, admin, new_hash, keep=current_scope().session,
                       reason=SessionEnd.PASSWORD_CHANGED, now=now)  # fmt: skip
        return Empty()

    async def ResetPassword(self, request: pb.ResetPasswordRequest, _context: object) -> Empty:
        email = canonical_email(request.email)
        if not email:
            raise invalid("LOGIN_INVALID", {"email": "must not be empty"})
        await self._attempts.count(f"reset {email}", RESETS)
        await self._attempts.count(f"resets of a day {email}", RESETS_A_DAY)
        self._mailer.refuse_when_full()
        # In the background, so that the answer does not reveal whether the address is known.
        self._mailer.in_background(self._send_reset(email))
        return Empty()

    async def SetPassword(self, request: pb.SetPasswordRequest, _context: object) -> Empty:
        now, token_hash = datetime.now(UTC), one_time_tokens.digest(RESET, request.token)
        async with self._db.platform() as session:
            known = token_hash and await queries.owner_of_reset(session, token_hash, now=now)
        if not known or not token_hash:
            raise _reset_invalid()
        _check(request.password, known.email, field="password")
        new_hash = await self._passwords.hash(request.password)
        async with self._db.platform() as session:
            admin = await queries.lock_admin(session, known.admin_id)
            if admin.deactivate_time or not await queries.use_reset(session, token_hash):
                raise _reset_invalid()
            await _set_password(
                session, admin, new_hash, keep="", reason=SessionEnd.PASSWORD_RESET, now=now
            )
        return Empty()

    async def CreateTotp(
        self, request: pb.CreateTotpRequest, _context: object
    ) -> pb.CreateTotpResponse:
        own, now = await self._with_password(request.password), datetime.now(UTC)
        new_secret = self._totp.new(own.admin_id, own.email)
        async with self._db.platform() as session:
            admin = await self._lock_unchanged(session, own, now=now)
            factor = await queries.second_factor(session, admin.admin_id)
            if factor is not None and factor.confirm_time is not None:
                raise AlreadyExists(
                    "TOTP_EXISTS", "The second factor is already on. Turn it off first."
                )
            await queries.delete_second_factor(session, admin.admin_id)
            session.add(
                SecondFactor(
                    admin_id=admin.admin_id,
                    secret=new_secret.ciphertext,
                    last_step=0,
                    create_time=now,
                )
            )
            audit.record(session, resource=f"admins/{admin.admin_id}")
        return pb.CreateTotpResponse(secret=new_secret.secret, uri=new_secret.uri)

    async def ConfirmTotp(
        self, request: pb.ConfirmTotpRequest, _context: object
    ) -> pb.ConfirmTotpResponse:
        own, now = await self._own_admin(), datetime.now(UTC)
        await self._attempts.count(_own_guesses(own))
        async with self._db.platform() as session:
            await caller.own_session(session, now=now)
            factor = await queries.second_factor(session, own.admin_id)
            if factor is None or factor.confirm_time is not None:
                raise _no_totp()
            step = self._totp.step(factor, request.code, now=now)
            codes = totp.recovery_codes()
            if step is not None:
                factor.confirm_time, factor.last_step = now, step
                session.add_all(
                    RecoveryCode(admin_id=own.admin_id, code_hash=totp.hashed(code))
                    for code in codes
                )
                await attempts.reset(session, _own_guesses(own))
                audit.record(session, resource=f"admins/{own.admin_id}")
        if step is None:
            raise _wrong_code()
        return pb.ConfirmTotpResponse(recovery_codes=codes)

    async def DeleteTotp(self, request: pb.DeleteTotpRequest, _context: object) -> Empty:
        own, now = await self._with_password(request.password), datetime.now(UTC)
        async with self._db.platform() as session:
            admin = await self._lock_unchanged(session, own, now=now)
            factor = await queries.second_factor(session, admin.admin_id)
            if factor is None:
                raise _no_totp()
            used = await self._totp.use_code(session, factor, request.code, now=now)
            if used:
                await queries.delete_second_factor(session, admin.admin_id)
                await attempts.reset(session, _own_guesses(admin))
                audit.record(session, resource=f"admins/{admin.admin_id}")
        if not used:
            raise _wrong_code()
        return Empty()

    async def _own_admin(self) -> Admin:
        """Reads the caller, whose session must be live."""
        async with self._db.platform() as session:
            own = await caller.own_session(session, now=datetime.now(UTC))
            return await session.get_one(Admin, own.admin_id)

    async def _with_password(self, password: str) -> Admin:
        """Reads the caller after checking their password."""
        admin = await self._own_admin()
        await self._attempts.count(_own_guesses(admin))
        if not await self._passwords.match(admin.password_hash, password):
            raise PermissionDenied("PASSWORD_WRONG", "The password is incorrect.")
        return admin

    async def _lock_unchanged(self, session: AsyncSession, known: Admin, *, now: datetime) -> Admin:
        """Locks the caller's account, whose password must not have changed since it was checked."""
        await caller.own_session(session, now=now)
        admin = await queries.lock_admin(session, known.admin_id)
        if admin.password_hash != known.password_hash:
            raise conflict()
        return admin

    async def _send_reset(self, email: str) -> None:
        token, now = one_time_tokens.new_token(RESET), datetime.now(UTC)
        async with self._db.platform() as session:
            # Locked, because a change of the address ends what was mailed there before it.
            admin = await admin_with_email(session, email, lock=True)
            known = admin is not None and admin.deactivate_time is None
            if admin is not None and known:
                await queries.delete_resets(session, admin.admin_id)
                session.add(
                    PasswordReset(
                        token_hash=one_time_tokens.hashed(token),
                        admin_id=admin.admin_id,
                        end_time=now + rules.RESET_LIFETIME,
                    )
                )
                audit.record(session, resource=f"admins/{admin.admin_id}")
        if not known:
            await count_refusal(self._db, "ADMIN_NOT_FOUND")
        else:
            await self._mailer.send(email, mail_texts.RESET_SUBJECT, mail_texts.reset_text(token))


def _own_guesses(admin: Admin) -> str:
    """Names the count of guesses within a session.

    Apart from those at logins, which anybody can make: a stranger must not be able to keep an
    admin who is logged in from changing their password.
    """
    return f"own password {admin.admin_id}"


async def _set_password(
    session: AsyncSession,
    admin: Admin,
    new_hash: str,
    *,
    keep: str,
    reason: SessionEnd,
    now: datetime,
) -> None:
    """Sets a password, and ends all sessions but the one to keep."""
    admin.password_hash, admin.update_time = new_hash, now
    await session_queries.end_sessions(session, admin.admin_id, keep=keep, reason=reason, now=now)
    await queries.delete_resets(session, admin.admin_id)
    # Otherwise each reset would give an attacker with the mailbox ten more guesses at the code.
    if await queries.second_factor(session, admin.admin_id) is None:
        await attempts.reset(session, admin.email)
        await attempts.reset(session, _own_guesses(admin))
    audit.record(session, resource=f"admins/{admin.admin_id}")


def _check(password: str, email: str, *, field: str) -> None:
    if flaw := password_flaw(password, email):
        raise InvalidArgument("PASSWORD_INVALID", f"The password {flaw}.", {field: flaw})


def _reset_invalid() -> Unauthenticated:
    text = "The token is invalid, expired or already used. Request a new one."
    return Unauthenticated("RESET_TOKEN_INVALID", text)


def _wrong_code() -> PermissionDenied:
    return PermissionDenied("TOTP_INVALID", "The code is incorrect or was already used.")


def _no_totp() -> NotFound:
    return NotFound("TOTP_NOT_FOUND", "This account has no second factor.")
