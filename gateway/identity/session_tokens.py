"""Admin sessions: verifies the tokens that tenant-registry signs at login.

A token identifies an admin, but grants no permissions. Every invalid token gets the same 401.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from gateway.medusa.errors import unauthorized
from services.kernel.call.strict_json import jwt_part
from services.kernel.process.secret_files import Secret
from services.kernel.process.signing_keys import PublicKeys

ISSUER = "souk"
AUDIENCE = "souk-admin"
# What a token is for: a Bearer token never counts as a cookie, nor the other way round.
BEARER = "at+jwt"
COOKIE = "souk-cookie+jwt"
LEEWAY_SECONDS = 30
MAX_LIFE_SECONDS = 24 * 3600
MAX_TOKEN_BYTES = 4096
_CACHE_SIZE = 4096
# Two names of the same algorithm, from RFC 8037 and its successor RFC 9864.
_ALGORITHMS = ["EdDSA", "Ed25519"]
# No jwk, jku, x5u or crit: a token must not supply or refer to its own key.
_HEADERS = frozenset({"alg", "typ", "kid"})
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")


@dataclass(frozen=True, slots=True)
class Session:
    """The caller as admins/{admin}, the session, and the token's validity in Unix seconds.

    Only the registry knows whether the session itself has ended.
    """

    admin: str
    id: str
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class _Verified:
    """A session, and the key that its token was verified with."""

    session: Session
    key_id: object
    key: OKPKey


class Sessions:
    """Verifies tokens; a valid one is cached until it expires or its key is gone."""

    def __init__(self, keys: Secret[PublicKeys], clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._clock = clock
        self._verified: LRUCache[tuple[bytes, str], _Verified] = LRUCache(_CACHE_SIZE)

    def verify(self, token: bytes, kind: str = BEARER) -> Session:
        """Returns the session of a token of this kind.

        Raises:
            Refused: 401, the token is invalid in any way.
        """
        if len(token) > MAX_TOKEN_BYTES:
            raise unauthorized()
        verified = self._verified.get((token, kind))
        # A stolen key is removed from the file: what it signed must end with it, remembered or not.
        if verified is None or self._keys().find(verified.key_id) is not verified.key:
            verified = self._read(token, kind)
            self._verified[token, kind] = verified
        session, now = verified.session, self._clock()
        if not session.begins - LEEWAY_SECONDS <= now <= session.ends + LEEWAY_SECONDS:
            raise unauthorized()
        return session

    def _read(self, token: bytes, kind: str) -> _Verified:
        if not _COMPACT.fullmatch(token):
            raise unauthorized()
        try:
            header, claims = (jwt_part(part) for part in token.split(b".")[:2])
            key_id = header.get("kid")
            key = self._keys().find(key_id) or self._keys.again().find(key_id)
            if key is None:
                raise unauthorized()
            jwt.decode(token, key, _ALGORITHMS)
            return _Verified(_session(header, claims, kind), key_id, key)
        except (JoseError, KeyError, TypeError, ValueError, RecursionError):
            raise unauthorized() from None


def _session(header: dict[str, object], claims: dict[str, object], kind: str) -> Session:
    is_ours = (
        header["typ"] == kind
        and header.keys() <= _HEADERS
        and claims["iss"] == ISSUER
        and claims["aud"] == AUDIENCE
    )
    admin, sid, jti = claims["sub"], claims["sid"], claims["jti"]
    issued, ends = _seconds(claims["iat"]), _seconds(claims["exp"])
    begins = max(issued, _seconds(claims.get("nbf", issued)))
    if not (_is_id(admin) and _is_id(sid) and isinstance(jti, str) and jti):
        raise ValueError("invalid subject, session or token id")
    if not (is_ours and 0 < ends - issued <= MAX_LIFE_SECONDS):
        raise ValueError("not a session of this platform")
    return Session(f"admins/{admin}", str(sid), begins, ends)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _seconds(value: object) -> int:
    # bool is an int in Python; `exp: true` is not a valid expiry.
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number of seconds")
    return value
