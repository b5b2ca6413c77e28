"""Verifies id_tokens: issuer, audience, times and nonce."""

import math
import time
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from souk.tenant_registry.v1.access_service_pb2 import Admin

from services.kernel.call.limits import most_characters
from services.kernel.call.strict_json import jwt_part
from services.tenant_registry.accounts.oidc_settings import Provider
from services.values.emails import is_email

_ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"]
_LONGEST = 16 * 1024
_LONGEST_NAME = most_characters(Admin, "first_name")
_LEEWAY_SECONDS = 30


class Unverified(Exception):
    """A login could not be verified; the text is only for the log."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A user as the provider knows them. `email` is verified and in lower case."""

    subject: str
    email: str
    first_name: str
    last_name: str
    claims: dict[str, object]


def identity(token: object, keys: KeySet, provider: Provider, nonce: str) -> Identity:
    """Verifies an id_token (OpenID Connect Core, 3.1.3.7).

    Raises:
        Unverified: the token is invalid.
    """
    if not isinstance(token, str) or len(token) > _LONGEST:
        raise Unverified("the id_token is missing or too long")
    try:
        header, claims = (jwt_part(part) for part in token.split(".")[:2])
        if "crit" in header or "jwk" in header or "jku" in header or "x5u" in header:
            raise Unverified("the id_token's header brings its own key")
        jwt.decode(token, keys, _ALGORITHMS)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise Unverified("the id_token is not signed by the provider") from None
    _check(claims, provider, nonce)
    verified = _identity(claims)
    if verified.email.partition("@")[2] not in provider.email_domains:
        raise Unverified("an address outside the provider's domains")
    return verified


def key_id(token: object) -> str | None:
    """Returns the id of the key that a token claims to be signed with; None if it names none."""
    try:
        key_id_claim = jwt_part(str(token)[:_LONGEST].partition(".")[0]).get("kid")
    except (ValueError, TypeError, RecursionError):
        return None
    return key_id_claim if isinstance(key_id_claim, str) else None


def _check(claims: dict[str, object], provider: Provider, nonce: str) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    other_audiences = [other for other in audiences if other != provider.client_id]
    if claims.get("iss") != provider.issuer:
        raise Unverified("wrong issuer")
    if provider.client_id not in audiences or (
        other_audiences and claims.get("azp") != provider.client_id
    ):
        raise Unverified("wrong audience")
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise Unverified("wrong authorized party")
    now = time.time()
    if not now - _LEEWAY_SECONDS < _seconds(claims.get("exp")):
        raise Unverified("expired")
    if _seconds(claims.get("iat")) > now + _LEEWAY_SECONDS:
        raise Unverified("issued in the future")
    if claims.get("nonce") != nonce:
        raise Unverified("wrong nonce")


def _identity(claims: dict[str, object]) -> Identity:
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Unverified("no subject")
    # Only True counts: some providers send the string "false".
    if claims.get("email_verified") is not True or not isinstance(email, str):
        raise Unverified("the e-mail is not verified")
    # ASCII only: some other letters become ASCII in lower case, and so another address.
    if not is_email(email) or not email.isascii():
        raise Unverified("the e-mail is not a valid ASCII address")
    return Identity(
        subject=subject,
        email=email.lower(),
        first_name=_name(claims.get("given_name")),
        last_name=_name(claims.get("family_name")),
        claims=claims,
    )


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unverified("a time is missing or malformed")
    # 1e400 is a number in JSON, and infinite once it is read.
    if isinstance(value, float) and not math.isfinite(value):
        raise Unverified("a time is infinite")
    return value


def _name(value: object) -> str:
    return value[:_LONGEST_NAME].replace("\x00", "") if isinstance(value, str) else ""
