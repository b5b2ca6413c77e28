"""Accepting an invite, with a new account or the existing one of the address."""

from datetime import UTC, datetime
from typing import NoReturn

from souk.tenant_registry.v1 import access_service_pb2 as access
from souk.tenant_registry.v1 import invite_service_pb2 as pb
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ServiceError,
    Unauthenticated,
    invalid,
)
from services.kernel.call.passwords import Passwords
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.tenant_registry import caller
from services.tenant_registry.accounts import admin_lifecycle, attempts, messages, queries
from services.tenant_registry.accounts.attempts import Attempts
from services.tenant_registry.accounts.login import SecondFactors
from services.tenant_registry.accounts.queries import admin_with_email
from services.tenant_registry.accounts.registrations import REGISTRATIONS, Registrations
from services.tenant_registry.accounts.unknown_accounts import count_refusal
from services.tenant_registry.models import Admin, Invite
from services.tenant_registry.roles import assigning
from services.tenant_registry.roles import messages as role_messages
from services.values.emails import canonical_email
from services.values.passwords import password_flaw


class InviteAcceptance:
    def __init__(
        self,
        db: Database,
        passwords: Passwords,
        attempts: Attempts,
        factors: SecondFactors,
        registrations: Registrations,
    ) -> None:
        self._db = db
        self._passwords = passwords
        self._attempts = attempts
        self._factors = factors
        self._registrations = registrations

    async def register(self, email: str, password: str) -> str:
        """Seals a new account's address and password, whether the address has an account or not."""
        _check(password, email)
        await self._attempts.count(f"registrations of {email}", REGISTRATIONS)
        return self._registrations.seal(email, await self._passwords.hash(password))

    async def accept(
        self, request: pb.AcceptInviteRequest, token_hash: bytes | None
    ) -> access.Admin:
        invite, account = await self._read(token_hash)
        _check_address(request.email, invite.email)
        if request.registration:
            password_hash = await self._registered(request, invite, account)
        elif account is None:
            _check(request.password, invite.email)
            password_hash = await self._passwords.hash(request.password)
        else:
            password_hash = account.password_hash
            await self._attempts.count(account.email)
            if not await self._passwords.match(password_hash, request.password):
                await self._refuse(account, _wrong_credentials())
        try:
            async with self._db.platform() as session:
                outcome = await self._accept(session, request, invite, password_hash)
        except FailedPrecondition as void:
            await self._refuse_void(messages.invite(invite).name, invite.tenant_id, void)
        if isinstance(outcome, ServiceError):
            await self._refuse(account, outcome)
        return outcome

    async def accept_own(self, token_hash: bytes | None) -> access.Admin:
        """Gives the caller the role that their address was invited to; the session is the proof."""
        now, name, tenant = datetime.now(UTC), "", None
        try:
            async with self._db.platform() as session:
                own = await caller.own_session(session, now=now)
                admin = await session.get_one(Admin, own.admin_id)
                invite = token_hash and await queries.open_invite_of_token(
                    session, token_hash, now=now, lock=True
                )
                if not invite or invite.email != admin.email:
                    raise NotFound("INVITE_NOT_FOUND", "No such invite for your e-mail address.")
                name, tenant = messages.invite(invite).name, invite.tenant_id
                await _give(session, invite, admin)
                invite.accept_time = now
                return role_messages.admin(admin)
        except FailedPrecondition as void:
            await self._refuse_void(name, tenant, void)

    async def _registered(
        self, request: pb.AcceptInviteRequest, invite: Invite, account: Admin | None
    ) -> str:
        """Returns the hash of the registered password, which never stands in for an account's."""
        password_hash = self._registrations.password_hash(request.registration, invite.email)
        if password_hash is None:
            await self._refuse(account, _registration_invalid())
        if account is not None:
            await self._refuse(account, _account_exists())
        return password_hash

    async def _read(self, token_hash: bytes | None) -> tuple[Invite, Admin | None]:
        async with self._db.platform() as session:
            now = datetime.now(UTC)
            row = token_hash and await queries.open_invite_of_token(session, token_hash, now=now)
            if not row:
                raise _token_invalid()
            return row, await admin_with_email(session, row.email)

    async def _accept(
        self, session: AsyncSession, request: pb.AcceptInviteRequest, account: Invite, stored: str
    ) -> access.Admin | ServiceError:
        """Gives the role in one transaction; or returns which proof is missing."""
        now = datetime.now(UTC)
        invite = await queries.open_invite_of_token(session, account.token_hash, now=now, lock=True)
        if invite is None:
            raise _token_invalid()
        admin = await admin_with_email(session, invite.email)
        if admin is None:
            names = request.first_name.strip(), request.last_name.strip()
            admin = admin_lifecycle.new_admin(invite.email, *names, password_hash=stored, now=now)
            await admin_lifecycle.add(session, admin)
        # An account created meanwhile has another hash, and must prove itself on the next attempt.
        elif admin.password_hash != stored or admin.deactivate_time is not None:
            return _wrong_credentials()
        else:
            proof = await self._factors.method(session, admin, request.totp, now=now)
            if isinstance(proof, Unauthenticated):
                return proof
        await _give(session, invite, admin)
        invite.accept_time = now
        await attempts.reset(session, invite.email)
        return role_messages.admin(admin)

    async def _refuse(self, account: Admin | None, error: ServiceError) -> NoReturn:
        """Records a refusal before it is sent."""
        if account is None:
            await count_refusal(self._db, error.reason)
            raise error
        async with self._db.platform() as session:
            name = f"admins/{account.admin_id}"
            audit.record(session, resource=name, outcome="DENIED", reason=error.reason)
        raise error

    async def _refuse_void(
        self, name: str, tenant: str | None, void: FailedPrecondition
    ) -> NoReturn:
        """Records at the place of the role that it was not given."""
        async with self._db.platform() as session:
            audit.record(
                session, resource=name, tenant=tenant, outcome="DENIED", reason=void.reason
            )
        raise void


async def _give(session: AsyncSession, invite: Invite, admin: Admin) -> None:
    """Gives the role in the name of the inviter, who must still be able to give it."""
    role = assigning.RequestedRole(admin.admin_id, invite.role_id, invite.tenant_id, invite.reason)
    try:
        await assigning.give_accepted(session, role, giver=invite.invited_by)
    except (PermissionDenied, NotFound):
        text = "This invite is void: its role can no longer be given. Ask for a new one."
        raise FailedPrecondition("INVITE_VOID", text) from None


def _check_address(email: str, invited: str) -> None:
    if email and canonical_email(email) != invited:
        raise invalid("INVITE_INVALID", {"email": "must be the address that was invited"})


def _check(password: str, email: str) -> None:
    if flaw := password_flaw(password, email):
        raise InvalidArgument("PASSWORD_INVALID", f"The password {flaw}.", {"password": flaw})


def _wrong_credentials() -> Unauthenticated:
    return Unauthenticated("CREDENTIALS_INVALID", "Invalid email or password")


def _registration_invalid() -> Unauthenticated:
    text = "The registration is not for the invited address, or has expired. Register again."
    return Unauthenticated("REGISTRATION_INVALID", text)


def _account_exists() -> Unauthenticated:
    text = "Identity with email already exists. Accept the invite with its password or session."
    return Unauthenticated("ACCOUNT_EXISTS", text)


def _token_invalid() -> Unauthenticated:
    text = "The token is invalid, expired or already used. Ask for a new invite."
    return Unauthenticated("INVITE_TOKEN_INVALID", text)
