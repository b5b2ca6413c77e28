"""Customers' passwords: checked at login, and set anew with a token from a mail."""

from datetime import UTC, datetime, timedelta

from google.protobuf.empty_pb2 import Empty
from souk.commerce.v1 import store_customer_service_pb2 as pb

from services.commerce.caller import current_customer, current_identity
from services.commerce.customers import (
    attempts,
    login_queries,
    mailed_tokens,
    queries,
    sessions,
)
from services.commerce.customers.attempts import RESETS, RESETS_A_DAY, Attempts
from services.commerce.customers.tokens import BEARER, COOKIE, CustomerTokens
from services.commerce.customers.unknown_logins import count_refusal
from services.commerce.models import Identity, PasswordReset
from services.commerce.notices.code_mails import reset_mail
from services.kernel.call import names
from services.kernel.call.errors import InvalidArgument, Unauthenticated, invalid
from services.kernel.call.passwords import Passwords
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.mail.mailer import Mailer
from services.values.emails import canonical_email
from services.values.passwords import password_flaw

RESET_LIFETIME = timedelta(minutes=15)
_RESET = "passwordreset"
_IDENTITY = "tenants/{tenant}/identities/{identity}"


class PasswordMethods:
    _db: Database
    _passwords: Passwords
    _tokens: CustomerTokens
    _attempts: Attempts
    _mailer: Mailer

    async def Login(self, request: pb.LoginRequest, _context: object) -> pb.CustomerToken:
        current_scope().require_parent(request.parent)
        email = canonical_email(request.email)
        await self._attempts.count(email)
        async with self._db.tenant() as session:
            known = await queries.identity_of_email(session, email)
        # Without an identity, too, so that the time does not tell who is a customer.
        stored = known.password_hash if known else None
        is_right = await self._passwords.match(stored, request.password)
        if known and is_right and (session_id := await self._begin_session(known)):
            return self._token(known, session_id)
        await self._record_failure(known)
        raise Unauthenticated("CREDENTIALS_INVALID", "Invalid email or password")

    async def _begin_session(self, known: Identity) -> str | None:
        """Begins a session; None if the password that was checked is the old one by now."""
        async with self._db.tenant() as session:
            current = await queries.identity(session, known.identity_id, lock=True)
            if current is None or current.password_hash != known.password_hash:
                return None
            await attempts.reset(session, known.email)
            return await sessions.begin(session, known.identity_id)

    async def RefreshToken(
        self, request: pb.RefreshTokenRequest, _context: object
    ) -> pb.CustomerToken:
        current_scope().require(request.name)
        _, identity_id = names.parse(request.name, _IDENTITY)
        session_id = current_scope().session
        async with self._db.tenant() as session:
            known = await queries.identity(session, identity_id)
            if known is None or not _is_caller(known):
                raise sessions.ended()
            await sessions.extend(session, session_id)
        return self._token(known, session_id, COOKIE if request.for_cookie else BEARER)

    async def EndSession(self, request: pb.EndSessionRequest, _context: object) -> Empty:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            await sessions.end(session, current_scope().session)
        return Empty()

    async def ResetPassword(self, request: pb.ResetPasswordRequest, _context: object) -> Empty:
        current_scope().require_parent(request.parent)
        email = canonical_email(request.email)
        if not email:
            raise invalid("FIELD_INVALID", {"email": "must not be empty"})
        await self._attempts.count(f"reset {email}", RESETS)
        await self._attempts.count(f"resets of a day {email}", RESETS_A_DAY)
        self._mailer.refuse_when_full()
        # In the background, so that the answer does not reveal whether the address is known.
        self._mailer.in_background(self._send_reset(email, request.locale, request.shop_name))
        return Empty()

    async def SetPassword(self, request: pb.SetPasswordRequest, _context: object) -> Empty:
        current_scope().require_parent(request.parent)
        now, token_hash = datetime.now(UTC), mailed_tokens.digest(_RESET, request.token)
        async with self._db.tenant() as session:
            known = token_hash and await login_queries.owner_of_reset(session, token_hash, now=now)
        if not known or not token_hash:
            raise _reset_invalid()
        if flaw := password_flaw(request.password, known.email):
            raise InvalidArgument("PASSWORD_INVALID", f"The password {flaw}.", {"password": flaw})
        new_hash = await self._passwords.hash(request.password)
        async with self._db.tenant() as session:
            identity = await queries.identity(session, known.identity_id, lock=True)
            if identity is None or not await login_queries.use_reset(session, token_hash):
                raise _reset_invalid()
            identity.password_hash, identity.update_time = new_hash, datetime.now(UTC)
            await sessions.end_all(session, identity.identity_id)
            await login_queries.delete_resets(session, identity.identity_id)
            await attempts.reset(session, identity.email)
            audit.record(session, resource=_name(identity))
        return Empty()

    def _token(self, known: Identity, session_id: str, kind: str = BEARER) -> pb.CustomerToken:
        return self._tokens.answer(
            known.tenant_id, known.identity_id, known.customer_id, session_id=session_id, kind=kind
        )

    async def _record_failure(self, known: Identity | None) -> None:
        """Records a failed login before it is refused."""
        if known is None:
            await count_refusal(self._db, "CREDENTIALS_INVALID")
            return
        async with self._db.tenant() as session:
            audit.record(
                session, resource=_name(known), outcome="DENIED", reason="CREDENTIALS_INVALID"
            )

    async def _send_reset(self, email: str, locale: str, shop: str) -> None:
        token, now = mailed_tokens.new_token(_RESET), datetime.now(UTC)
        async with self._db.tenant() as session:
            known = await queries.identity_of_email(session, email)
            if known is not None:
                await login_queries.delete_resets(session, known.identity_id)
                session.add(
                    PasswordReset(
                        token_hash=mailed_tokens.hashed(token),
                        identity_id=known.identity_id,
                        end_time=now + RESET_LIFETIME,
                    )
                )
                audit.record(session, resource=_name(known))
        if known is None:
            await count_refusal(self._db, "CUSTOMER_NOT_FOUND")
        else:
            mail = reset_mail(locale, shop, token)
            await self._mailer.send(email, mail.subject, mail.text, mail.html)


def _is_caller(identity: Identity) -> bool:
    """Tells whether an identity is that of the token, for whomever it stands by now."""
    if (customer := current_customer()) is not None:
        return identity.customer_id == customer
    return identity.identity_id == current_identity()


def _name(identity: Identity) -> str:
    return f"tenants/{identity.tenant_id}/identities/{identity.identity_id}"


def _reset_invalid() -> Unauthenticated:
    text = "The token is invalid, expired or already used. Request a new one."
    return Unauthenticated("RESET_TOKEN_INVALID", text)
