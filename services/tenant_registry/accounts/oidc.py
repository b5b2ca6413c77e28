"""OidcService: logs admins in through a provider, and syncs their roles with its claims."""

import secrets
from datetime import UTC, datetime, timedelta

from souk.tenant_registry.v1 import access_service_pb2 as access
from souk.tenant_registry.v1 import oidc_service_pb2 as pb
from souk.tenant_registry.v1 import oidc_service_pb2_grpc as pb_grpc
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import NotFound, ResourceExhausted, Unauthenticated
from services.kernel.call.passwords import Passwords
from services.kernel.data.database import Database
from services.kernel.process.logs import logger
from services.tenant_registry.accounts import admin_lifecycle, session_lifecycle
from services.tenant_registry.accounts.attempts import Attempts, Limit
from services.tenant_registry.accounts.oidc_claims import Identity, Unverified
from services.tenant_registry.accounts.oidc_provider import ProviderClient
from services.tenant_registry.accounts.oidc_settings import Provider
from services.tenant_registry.accounts.oidc_state import States
from services.tenant_registry.accounts.queries import admin_with_email, subject_of
from services.tenant_registry.accounts.rules import roles_of_claims
from services.tenant_registry.accounts.session_lifecycle import OpenedSession
from services.tenant_registry.accounts.session_tokens import SessionTokens
from services.tenant_registry.accounts.unknown_accounts import count_refusal
from services.tenant_registry.models import Admin, AdminIdentity
from services.tenant_registry.roles import assigning

# A role from a claim expires, unless another login renews it.
LIFETIME = timedelta(days=30)
# For longer than a state lives.
ONCE = Limit(1, timedelta(minutes=15))
_log = logger()


class OidcServicer(pb_grpc.OidcServiceServicer):
    def __init__(
        self,
        db: Database,
        providers: dict[str, Provider],
        states: States,
        attempts: Attempts,
        passwords: Passwords,
        tokens: SessionTokens,
    ) -> None:
        self._db = db
        self._providers = providers
        self._clients = {name: ProviderClient(provider) for name, provider in providers.items()}
        self._states = states
        self._attempts = attempts
        self._passwords = passwords
        self._tokens = tokens

    async def StartOidcLogin(
        self, request: pb.StartOidcLoginRequest, _context: object
    ) -> pb.StartOidcLoginResponse:
        client = self._client(request.provider)
        started, state, browser = self._states.start(request.provider)
        location = await client.location(started, state)
        return pb.StartOidcLoginResponse(location=location, browser=browser)

    async def FinishOidcLogin(
        self, request: pb.FinishOidcLoginRequest, _context: object
    ) -> access.LoginResponse:
        self._client(request.provider)
        try:
            identity = await self._identity(request)
            opened = await self._open(request.provider, identity)
        except Unverified as reason:
            await self._refuse(request.provider, str(reason))
            raise Unauthenticated(
                "OIDC_REFUSED", "The login could not be verified. Start again."
            ) from None
        return self._tokens.login_response(opened)

    def _client(self, name: str) -> ProviderClient:
        if name not in self._clients:
            raise NotFound("PROVIDER_NOT_FOUND", "No such identity provider.")
        return self._clients[name]

    async def _identity(self, request: pb.FinishOidcLoginRequest) -> Identity:
        started = self._states.finish(request.provider, request.state, request.browser)
        if started is None or not request.code:
            raise Unverified("the state is expired, or of another browser or provider")
        try:
            await self._attempts.count(f"oidc {started.nonce}", ONCE)
        except ResourceExhausted:
            raise Unverified("the state was already used") from None
        return await self._clients[request.provider].exchange(request.code, started)

    async def _open(self, name: str, identity: Identity) -> OpenedSession:
        """Finds or creates the admin, syncs roles and begins a session, in one transaction."""
        roles = roles_of_claims(
            identity.claims, (rule.rule() for rule in self._providers[name].rules)
        )
        # Unknown to everyone: such an admin gets a usable password by a reset.
        password_hash = await self._passwords.hash(secrets.token_urlsafe(32))
        now = datetime.now(UTC)
        async with self._db.platform() as session:
            admin = await _find_admin(session, name, identity)
            if admin is None:
                if not roles:
                    raise Unverified("no account, and no claim that gives a role")
                admin = admin_lifecycle.new_admin(
                    identity.email,
                    identity.first_name,
                    identity.last_name,
                    password_hash=password_hash,
                    now=now,
                )
                await admin_lifecycle.add(session, admin)
            if admin.deactivate_time is not None:
                raise Unverified("the admin is deactivated")
            if await session.get(AdminIdentity, (name, identity.subject)) is None:
                session.add(
                    AdminIdentity(
                        provider=name,
                        subject=identity.subject,
                        admin_id=admin.admin_id,
                        create_time=now,
                    )
                )
            await assigning.sync_claimed_roles(
                session, admin.admin_id, roles, giver=f"oidc/{name}", until=now + LIFETIME
            )
            return await session_lifecycle.begin(session, admin, method=f"oidc/{name}", now=now)

    async def _refuse(self, provider: str, reason: str) -> None:
        """Records a refusal before it is sent; the reason is only in the log."""
        _log.warning("oidc_refused", provider=provider, reason=reason)
        await count_refusal(self._db, "OIDC_REFUSED")


async def _find_admin(session: AsyncSession, name: str, identity: Identity) -> Admin | None:
    """Finds the admin with this identity, or with the verified address.

    Raises:
        Unverified: the address belongs to an admin with another identity at the provider.
    """
    linked = await session.get(AdminIdentity, (name, identity.subject))
    if linked is not None:
        return await session.get_one(Admin, linked.admin_id)
    admin = await admin_with_email(session, identity.email)
    if admin is not None and await subject_of(session, name, admin.admin_id):
        raise Unverified("the e-mail belongs to another identity")
    return admin
