"""Admin sessions: reading the token that tenant-registry signed at login.

A token says who, never what they may do. Every way in which it can be wrong has one answer, 401.
"""

import json
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError

from gateway.bounded import Bounded
from gateway.errors import unauthorized
from services.kernel.secretfiles import Secret
from services.kernel.signingkeys import PublicKeys

ISSUER = "souk"
AUDIENCE = "souk-admin"
TYPE = "at+jwt"
LEEWAY_SECONDS = 30
MAX_LIFE_SECONDS = 24 * 3600
MAX_TOKEN_BYTES = 4096
_REMEMBERED = 4096
# Two names of one algorithm: RFC 8037's and its successor's of RFC 9864.
_ALGORITHMS = ["EdDSA", "Ed25519"]
# No jwk, jku, x5u or crit: a token may not bring or name a key of its own.
_HEADERS = frozenset({"alg", "typ", "kid"})
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks, as admins/{admin}, in which session, and when their token begins and ends.

    The times are Unix seconds. Whether the session itself has ended, only the registry knows.
    """

    admin: str
    id: str
    begins: int
    ends: int


class Sessions:
    """Verifies tokens; one that is sound is verified once and remembered until it ends."""

    def __init__(self, keys: Secret[PublicKeys], clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._clock = clock
        self._verified: Bounded[bytes, Session] = Bounded(_REMEMBERED)

    def verify(self, token: bytes) -> Session:
        """Tells whose session a token is.

        Raises:
            Refused: 401, whatever is wrong with it.
        """
        if len(token) > MAX_TOKEN_BYTES:
            raise unauthorized()
        session = self._verified.get(token)
        if session is None:
            session = self._read(token)
            self._verified.put(token, session)
        now = self._clock()
        if not session.begins - LEEWAY_SECONDS <= now <= session.ends + LEEWAY_SECONDS:
            raise unauthorized()
        return session

    def _read(self, token: bytes) -> Session:
        if not _COMPACT.fullmatch(token):
            raise unauthorized()
        try:
            header, claims = (_object(part) for part in token.split(b".")[:2])
            key_id = header.get("kid")
            key = self._keys().find(key_id) or self._keys.again().find(key_id)
            if key is None:
                raise unauthorized()
            jwt.decode(token, key, _ALGORITHMS)
            return _session(header, claims)
        except (JoseError, KeyError, TypeError, ValueError, RecursionError):
            raise unauthorized() from None


def _object(part: bytes) -> dict[str, object]:
    """Decodes one part strictly: a name that comes twice would mean two things to two readers."""
    raw = urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    decoded = json.loads(raw.decode("utf-8"), object_pairs_hook=_without_repeats)
    if not isinstance(decoded, dict):
        raise TypeError("not an object")
    return decoded


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _session(header: dict[str, object], claims: dict[str, object]) -> Session:
    sound = (
        header["typ"] == TYPE
        and header.keys() <= _HEADERS
        and claims["iss"] == ISSUER
        and claims["aud"] == AUDIENCE
    )
    admin, sid, jti = claims["sub"], claims["sid"], claims["jti"]
    issued, ends = _seconds(claims["iat"]), _seconds(claims["exp"])
    begins = max(issued, _seconds(claims.get("nbf", issued)))
    if not (_is_id(admin) and _is_id(sid) and isinstance(jti, str) and jti):
        raise ValueError("the subject, the session or the id is wrong")
    if not (sound and 0 < ends - issued <= MAX_LIFE_SECONDS):
        raise ValueError("not a session of this platform")
    return Session(f"admins/{admin}", str(sid), begins, ends)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _seconds(value: object) -> int:
    # bool is an int to Python; a token with `exp: true` is not a token with an end.
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number of seconds")
    return value
