"""The scope on the wire: an Ed25519-signed token, valid for seconds and for one service."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from cachetools import LRUCache
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.kernel.call.errors import PermissionDenied, Unauthenticated
from services.kernel.call.scope import Scope
from services.kernel.process.secret_files import Fixed, Secret
from services.kernel.process.signing_keys import PublicKeys, SigningKey, of_entries, signing_key

METADATA_KEY = "souk-scope"
REQUEST_ID_KEY = "x-request-id"
# For so long a copied scope works, and one whose permissions were just revoked.
LIFETIME_SECONDS = 10
LEEWAY_SECONDS = 5
_TYPE = "souk-scope+jwt"
_MAX_TOKEN = 4096
_CACHE_SIZE = 4096


class Signer:
    """Signs scopes for one caller; a token is reused for half its lifetime."""

    def __init__(self, caller: str, key: str | Secret[SigningKey]) -> None:
        """Takes the private key as PEM, or as a secret that may change."""
        self.caller = caller
        self._key: Secret[SigningKey] = Fixed(signing_key(key)) if isinstance(key, str) else key
        self._tokens: LRUCache[tuple[Scope, str, str], tuple[float, str]] = LRUCache(_CACHE_SIZE)

    def sign(self, scope: Scope, audience: str) -> str:
        now = time.time()
        # The token has no request id; with it here, every request would cost a signature.
        cache_key = (replace(scope, request_id=""), audience, self._key().key_id)
        signed_at, token = self._tokens.get(cache_key, (0.0, ""))
        if not 0 <= now - signed_at < LIFETIME_SECONDS / 2:
            signed_at, token = now, self._token(scope, audience, int(now))
            self._tokens[cache_key] = (signed_at, token)
        return token

    def _token(self, scope: Scope, audience: str, now: int) -> str:
        key = self._key()
        claims = {
            "iss": self.caller,
            "aud": audience,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "tid": scope.tenant,
            "cur": scope.currency,
            "cty": scope.country,
            "tst": scope.tenant_state,
            "sub": scope.actor,
            "sid": scope.session,
            "adr": scope.address,
            "agt": scope.user_agent,
            "perms": sorted(scope.permissions),
            "closed": sorted(scope.withheld),
        }
        header = {"alg": "Ed25519", "typ": _TYPE, "kid": key.key_id}
        return jwt.encode(header, claims, key.key, ["Ed25519"])


@dataclass(frozen=True)
class Caller:
    """A trusted signer and the permissions that it may vouch for."""

    keys: PublicKeys
    may: frozenset[str]

    def vouches_for(self, permissions: Iterable[str]) -> bool:
        return "*" in self.may or self.may.issuperset(permissions)

    def speaks_for(self, claims: dict[str, Any]) -> bool:
        """Returns whether it may name this actor: only itself, unless it may vouch for anything."""
        return "*" in self.may or claims["sub"] == f"services/{claims['iss']}"


Callers = dict[str, Caller]


def callers(text: str) -> Callers:
    """Reads callers.json: {name: {"keys": entries of a key set, "may": ["*"] or permissions}}."""
    return {
        name: Caller(of_entries(entry["keys"]), frozenset(entry["may"]))
        for name, entry in json.loads(text).items()
    }


@dataclass(frozen=True, slots=True)
class _Verified:
    """A scope, when its token ends on the monotonic clock, and whose key verified it."""

    scope: Scope
    expires: float
    issuer: str
    caller: Caller
    key_id: object

    def is_trusted(self, known: Callers) -> bool:
        """Returns whether nothing has changed about the caller, and its key has not expired."""
        same = known.get(self.issuer) is self.caller
        return same and self.caller.keys.find(self.key_id) is not None


class Verifier:
    """Verifies scopes that were signed for one service.

    A verified token is remembered until it expires, its key is gone, or its caller changes.
    """

    def __init__(self, known: Secret[Callers], audience: str) -> None:
        self._callers = known
        self._audience = audience
        self._cache: LRUCache[str, _Verified] = LRUCache(_CACHE_SIZE)

    def verify(self, token: str, is_caller: Callable[[str], bool] = lambda _: True) -> Scope:
        """Verifies a token and returns its scope.

        `is_caller` says whether its signer is the process that calls.

        Raises:
            Unauthenticated: SCOPE_INVALID, whatever is wrong with the token.
            PermissionDenied: SCOPE_EXCEEDED, if its signer may not vouch for its permissions.
        """
        verified = self._cache.get(token)
        if verified is None or not verified.is_trusted(self._callers()):
            verified = self._read(token)
            self._cache[token] = verified
        if time.monotonic() > verified.expires or not is_caller(verified.issuer):
            raise _invalid()
        return verified.scope

    def _read(self, token: str) -> _Verified:
        if len(token) > _MAX_TOKEN:
            raise _invalid()
        try:
            # Believed in nothing but which key to try: what is returned comes from `decoded`.
            header, issuer = json.loads(_part(token, 0)), json.loads(_part(token, 1))["iss"]
            caller, key = self._signer(issuer, header.get("kid"))
            decoded = jwt.decode(token, key, ["Ed25519"])
            if decoded.header.get("typ") != _TYPE:
                raise _invalid()
            expires_at, scope = self._scope(caller, decoded.claims)
            # On the clock that nobody sets back, or an old token would come to life again.
            expires = time.monotonic() + expires_at + LEEWAY_SECONDS - time.time()
            return _Verified(scope, expires, issuer, caller, header.get("kid"))
        except (JoseError, LookupError, AttributeError, TypeError, ValueError, RecursionError):
            raise _invalid() from None

    def _signer(self, issuer: str, key_id: object) -> tuple[Caller, OKPKey]:
        # Read again if the key is unknown: it may be a moment old.
        for known in (self._callers, self._callers.again):
            caller = known()[issuer]
            if (key := caller.keys.find(key_id)) is not None:
                return caller, key
        raise _invalid()

    def _scope(self, caller: Caller, claims: dict[str, Any]) -> tuple[int, Scope]:
        issued, expires_at, now = int(claims["iat"]), int(claims["exp"]), time.time()
        if claims["aud"] != self._audience or issued > now + LEEWAY_SECONDS:
            raise _invalid()
        if not 0 < expires_at - issued <= LIFETIME_SECONDS:
            raise _invalid()
        permissions = frozenset(claims["perms"])
        if not caller.vouches_for(permissions) or not caller.speaks_for(claims):
            raise PermissionDenied(
                "SCOPE_EXCEEDED", f"{claims['iss']} may not vouch for this scope."
            )
        return expires_at, Scope(
            claims["tid"],
            claims["sub"],
            permissions,
            currency=claims["cur"],
            country=str(claims.get("cty", "")),
            tenant_state=str(claims.get("tst", "")),
            session=str(claims.get("sid", "")),
            address=str(claims.get("adr", "")),
            user_agent=str(claims.get("agt", "")),
            withheld=frozenset(claims.get("closed", ())),
        )


def _part(token: str, index: int) -> bytes:
    part = token.split(".")[index]
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _invalid() -> Unauthenticated:
    return Unauthenticated("SCOPE_INVALID", "The call carries no valid scope.")
