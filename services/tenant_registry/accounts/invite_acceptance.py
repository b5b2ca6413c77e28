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
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.tenant_registry import caller
from services.tenant_registry.accounts import admin_lifecycle, attempts, messages, queries, rules
from services.tenant_registry.accounts.attempts import Attempts
from services.tenant_registry.accounts.login import SecondFactors
from services.tenant_registry.accounts.passwords import Passwords
from services.tenant_registry.accounts.queries import admin_with_email
from services.tenant_registry.accounts.unknown_accounts import count_refusal
from services.tenant_registry.models import Admin, Invite
from services.tenant_registry.roles import assigning
from services.tenant_registry.roles import messages as role_messages


class InviteAcceptance:
    def __init__(
        self, db: Database, passwords: Passwords, attempts: Attempts, factors: SecondFactors
    ) -> None:
        self._db = db
        self._passwords = passwords
        self._attempts = attempts
        self._factors = factors

    async def accept(
        self, request: pb.AcceptInviteRequest, token_hash: bytes | None
    ) -> access.Admin:
        invite, account = await self._read(token_hash)
        if account is None:
            _check(request, invite.email)
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
        await attempts.forget(session, invite.email)
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
    wanted = assigning.WantedRole(admin.admin_id, invite.role_id, invite.tenant_id, invite.reason)
    try:
        await assigning.give_accepted(session, wanted, giver=invite.invited_by)
    except (PermissionDenied, NotFound):
        text = "This invite is void: its role can no longer be given. Ask for a new one."
        raise FailedPrecondition("INVITE_VOID", text) from None


def _check(request: pb.AcceptInviteRequest, email: str) -> None:
    if flaw := rules.password_flaw(request.password, email):
        raise InvalidArgument("PASSWORD_INVALID", f"The password {flaw}.", {"password": flaw})
    for field in ("first_name", "last_name"):
        if len(getattr(request, field)) > rules.NAME_LIMIT:
            text = f"must have at most {rules.NAME_LIMIT} characters"
            raise invalid("INVITE_INVALID", {field: text})


def _wrong_credentials() -> Unauthenticated:
    return Unauthenticated("CREDENTIALS_INVALID", "The e-mail or the password is incorrect.")


def _token_invalid() -> Unauthenticated:
    text = "The token is invalid, expired or already used. Ask for a new invite."
    return Unauthenticated("INVITE_TOKEN_INVALID", text)
