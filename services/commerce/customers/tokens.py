"""Customers' tokens: they say who somebody is at one tenant."""

from datetime import UTC, datetime, timedelta

from joserfc import jwt
from souk.commerce.v1 import store_customer_service_pb2 as pb

from services.kernel.call.names import new_id
from services.kernel.process.secret_files import Secret
from services.kernel.process.signing_keys import SigningKey

ISSUER = "souk"
AUDIENCE = "souk-customer"
# What a token is for: a Bearer token never counts as a cookie, nor the other way round.
BEARER = "souk-customer+jwt"
COOKIE = "souk-customer-cookie+jwt"
LIFETIME = timedelta(days=1)


class CustomerTokens:
    """Signs tokens with the key that only this service has."""

    def __init__(self, key: Secret[SigningKey]) -> None:
        self._key = key

    def answer(
        self,
        tenant: str,
        identity_id: str,
        customer_id: str | None,
        *,
        session_id: str,
        kind: str = BEARER,
    ) -> pb.CustomerToken:
        """Makes a token of a session; without a customer, it is good for making one alone."""
        issued = datetime.now(UTC).replace(microsecond=0)
        expires, customer = issued + LIFETIME, customer_id or ""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "tenant_id": tenant,
            "actor_id": customer,
            "actor_type": "customer",
            "auth_identity_id": identity_id,
            "app_metadata": {"customer_id": customer} if customer else {},
            "sid": session_id,
            "jti": new_id("ct"),
            "iat": int(issued.timestamp()),
            "exp": int(expires.timestamp()),
        }
        key = self._key()
        header = {"alg": "Ed25519", "typ": kind, "kid": key.key_id}
        token = jwt.encode(header, claims, key.key, ["Ed25519"])
        answer = pb.CustomerToken(token=token)
        answer.expire_time.FromDatetime(expires)
        return answer
