"""Session tokens: they say who somebody is, never what they may do."""

from datetime import UTC, datetime, timedelta

from joserfc import jwt
from souk.tenant_registry.v1 import access_service_pb2 as pb

from services.kernel.call.names import new_id
from services.kernel.process.secret_files import Secret
from services.kernel.process.signing_keys import SigningKey
from services.tenant_registry.accounts import messages
from services.tenant_registry.accounts.session_lifecycle import OpenedSession
from services.tenant_registry.models import AdminSession

LIFETIME = timedelta(hours=1)
ISSUER = "souk"
AUDIENCE = "souk-admin"
TYPE = "at+jwt"


class SessionTokens:
    """Signs session tokens with the platform's session key."""

    def __init__(self, key: Secret[SigningKey]) -> None:
        self._key = key

    def login_response(self, opened: OpenedSession) -> pb.LoginResponse:
        """Answers a login or refresh with a new access token."""
        token, expires = self._token(opened.row, now=datetime.now(UTC))
        return messages.login_response(
            opened.admin,
            access_token=token,
            expires=expires,
            refresh_token=opened.refresh_token,
        )

    def _token(self, session: AdminSession, *, now: datetime) -> tuple[str, datetime]:
        """Makes a token of a session; returns it and its expiry, never after the session ends."""
        issued = now.replace(microsecond=0)
        expires = min(issued + LIFETIME, session.end_time.replace(microsecond=0))
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": session.admin_id,
            "sid": session.session_id,
            "actor_type": "user",
            "jti": new_id("at"),
            "iat": int(issued.timestamp()),
            "exp": int(expires.timestamp()),
        }
        key = self._key()
        header = {"alg": "Ed25519", "typ": TYPE, "kid": key.key_id}
        return jwt.encode(header, claims, key.key, ["Ed25519"]), expires
