"""Session tokens: they say who somebody is, never what they may do."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from joserfc import jwt
from souk.tenant_registry.v1 import access_service_pb2 as pb

from services.kernel.call.names import new_id
from services.kernel.process.secret_files import Secret
from services.kernel.process.signing_keys import SigningKey
from services.tenant_registry.accounts import messages
from services.tenant_registry.accounts.session_lifecycle import OpenedSession
from services.tenant_registry.models import AdminSession

ISSUER = "souk"
AUDIENCE = "souk-admin"


@dataclass(frozen=True, slots=True)
class TokenKind:
    """What a token is for, as its `typ` says, and how long it lasts."""

    typ: str
    lifetime: timedelta


BEARER = TokenKind("at+jwt", timedelta(hours=1))
# Nothing renews it silently, so it lasts as long as Medusa's: about a working day.
COOKIE = TokenKind("souk-cookie+jwt", timedelta(hours=10))


class SessionTokens:
    """Signs session tokens with the platform's session key."""

    def __init__(self, key: Secret[SigningKey]) -> None:
        self._key = key

    def login_response(self, opened: OpenedSession, kind: TokenKind = BEARER) -> pb.LoginResponse:
        """Answers a login or refresh with a new access token."""
        token, expires = self._token(opened.row, kind, now=datetime.now(UTC))
        return messages.login_response(
            opened.admin,
            access_token=token,
            expires=expires,
            refresh_token=opened.refresh_token,
        )

    def _token(
        self, session: AdminSession, kind: TokenKind, *, now: datetime
    ) -> tuple[str, datetime]:
        """Makes a token of a session; returns it and its expiry, never after the session ends."""
        issued = now.replace(microsecond=0)
        expires = min(issued + kind.lifetime, session.end_time.replace(microsecond=0))
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
        header = {"alg": "Ed25519", "typ": kind.typ, "kid": key.key_id}
        return jwt.encode(header, claims, key.key, ["Ed25519"]), expires
