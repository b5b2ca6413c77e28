"""Customers of a shop: verifies the tokens that commerce signs at login."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.identity.session_tokens import HEADERS, Json, SignedTokens, is_id, validity
from services.kernel.process.secret_files import Secret
from services.kernel.process.signing_keys import PublicKeys
from services.kernel.process.tenant_ids import TENANT_ID

ISSUER = "souk"
AUDIENCE = "souk-customer"
# What a token is for: a Bearer token never counts as a cookie, nor the other way round.
BEARER = "souk-customer+jwt"
COOKIE = "souk-customer-cookie+jwt"


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom a token names at which tenant: an identity, and its customer once it has one.

    It is valid between two Unix seconds. Only commerce knows whether its session has ended.
    """

    tenant: str
    identity: str
    id: str
    session: str
    begins: int
    ends: int

    @property
    def actor(self) -> str:
        return f"customers/{self.id}" if self.id else f"identities/{self.identity}"


class CustomerTokens(SignedTokens[Customer]):
    """Verifies the tokens of customers."""

    def __init__(self, keys: Secret[PublicKeys], clock: Callable[[], float] = time.time) -> None:
        super().__init__(keys, _customer, clock)

    def verify(self, token: bytes, kind: str = BEARER) -> Customer:
        return super().verify(token, kind)


def _customer(header: Json, claims: Json, kind: str) -> Customer:
    is_ours = (
        header["typ"] == kind
        and header.keys() <= HEADERS
        and claims["iss"] == ISSUER
        and claims["aud"] == AUDIENCE
    )
    tenant, identity, customer, session = (
        str(claims[name]) for name in ("tenant_id", "auth_identity_id", "actor_id", "sid")
    )
    begins, ends = validity(claims)
    has_ids = is_id(identity) and is_id(session) and (not customer or is_id(customer))
    if not (TENANT_ID.fullmatch(tenant) and has_ids):
        raise ValueError("invalid tenant, identity, customer or session")
    if not is_ours:
        raise ValueError("not a customer of this platform")
    return Customer(tenant, identity, customer, session, begins, ends)
