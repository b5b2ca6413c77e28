"""Admin sessions: verifies the tokens that tenant-registry signs at login.

A token identifies an admin, but grants no permissions. Every invalid token gets the same 401.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

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
HEADERS = frozenset({"alg", "typ", "kid"})
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


class Timed(Protocol):
    """What a token says, with its validity in Unix seconds."""

    @property
    def begins(self) -> int: ...

    @property
    def ends(self) -> int: ...


S = TypeVar("S", bound=Timed)
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Verified(Generic[S]):
    """What a token says, and the key that it was verified with."""

    session: S
    key_id: object
    key: OKPKey


class SignedTokens(Generic[S]):
    """Verifies tokens; a valid one is cached until it expires or its key is gone.

    `read` makes what a token says of its header, its claims and the kind that it must be, or raises
    a KeyError, TypeError or ValueError.
    """

    def __init__(
        self,
        keys: Secret[PublicKeys],
        read: Callable[[Json, Json, str], S],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._read_claims = read
        self._clock = clock
        self._verified: LRUCache[tuple[bytes, str], _Verified[S]] = LRUCache(_CACHE_SIZE)

    def verify(self, token: bytes, kind: str) -> S:
        """Returns what a token of this kind says.

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

    def _read(self, token: bytes, kind: str) -> _Verified[S]:
        if not _COMPACT.fullmatch(token):
            raise unauthorized()
        try:
            header, claims = (jwt_part(part) for part in token.split(b".")[:2])
            key_id = header.get("kid")
            key = self._keys().find(key_id) or self._keys.again().find(key_id)
            if key is None:
                raise unauthorized()
            jwt.decode(token, key, _ALGORITHMS)
            return _Verified(self._read_claims(header, claims, kind), key_id, key)
        except (JoseError, KeyError, TypeError, ValueError, RecursionError):
            raise unauthorized() from None


class Sessions(SignedTokens[Session]):
    """Verifies the tokens of admins."""

    def __init__(self, keys: Secret[PublicKeys], clock: Callable[[], float] = time.time) -> None:
        super().__init__(keys, _session, clock)

    def verify(self, token: bytes, kind: str = BEARER) -> Session:
        return super().verify(token, kind)


def _session(header: Json, claims: Json, kind: str) -> Session:
    is_ours = (
        header["typ"] == kind
        and header.keys() <= HEADERS
        and claims["iss"] == ISSUER
        and claims["aud"] == AUDIENCE
    )
    admin, sid, jti = claims["sub"], claims["sid"], claims["jti"]
    begins, ends = validity(claims)
    if not (is_id(admin) and is_id(sid) and isinstance(jti, str) and jti):
        raise ValueError("invalid subject, session or token id")
    if not is_ours:
        raise ValueError("not a session of this platform")
    return Session(f"admins/{admin}", str(sid), begins, ends)


def validity(claims: Json) -> tuple[int, int]:
    """Returns from when to when a token is good.

    Raises:
        ValueError: it lasts longer than any of ours.
    """
    issued, ends = _seconds(claims["iat"]), _seconds(claims["exp"])
    begins = max(issued, _seconds(claims.get("nbf", issued)))
    if not 0 < ends - issued <= MAX_LIFE_SECONDS:
        raise ValueError("not of this platform: it lasts too long")
    return begins, ends


def is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _seconds(value: object) -> int:
    # bool is an int in Python; `exp: true` is not a valid expiry.
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number of seconds")
    return value
