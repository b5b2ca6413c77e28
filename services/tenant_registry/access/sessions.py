"""Session tokens: they say who, never what somebody may do."""

from datetime import datetime, timedelta

from joserfc import jwt
from joserfc.jwk import OKPKey

from services.kernel.names import new_id

LIFETIME = timedelta(hours=1)
ISSUER = "souk"
AUDIENCE = "souk-admin"
TYPE = "at+jwt"


class Sessions:
    """Signs session tokens with the platform's session key."""

    def __init__(self, private_key_pem: str) -> None:
        self._key = OKPKey.import_key(private_key_pem)
        self._key_id = self._key.thumbprint()

    def token(self, admin_id: str, *, now: datetime) -> tuple[str, datetime]:
        """Makes a token for an admin, and tells when it ends, to the second."""
        issued = now.replace(microsecond=0)
        expires = issued + LIFETIME
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": admin_id,
            "actor_type": "user",
            "jti": new_id("sess"),
            "iat": int(issued.timestamp()),
            "exp": int(expires.timestamp()),
        }
        header = {"alg": "Ed25519", "typ": TYPE, "kid": self._key_id}
        return jwt.encode(header, claims, self._key, ["Ed25519"]), expires
