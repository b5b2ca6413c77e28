"""Ed25519 keys by id: the signing key, and the trusted public keys.

During a rotation a set holds several public keys: the next one is published before it signs
anything, and the old one stays until what it signed has expired.
"""

import json
import time
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import OKPKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the id by which verifiers find its public key."""

    key: OKPKey
    key_id: str


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key; `expires` is in Unix seconds, None unless it is being retired."""

    key: OKPKey
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The public keys of one signer, by id; the first is the default."""

    by_id: dict[str, PublicKey]

    def find(self, key_id: object) -> OKPKey | None:
        """Returns the key with an id, None if it is unknown or expired."""
        requested_id = next(iter(self.by_id), "") if key_id is None else key_id
        found = self.by_id.get(requested_id) if isinstance(requested_id, str) else None
        if found is None or (found.expires is not None and found.expires < time.time()):
            return None
        return found.key


def signing_key(pem: str) -> SigningKey:
    key = OKPKey.import_key(pem)
    return SigningKey(key, key.thumbprint())


def public_keys(*keys: OKPKey) -> PublicKeys:
    """Makes a set of keys that do not expire."""
    return PublicKeys({key.thumbprint(): PublicKey(key) for key in keys})


def read_set(text: str) -> PublicKeys:
    """Reads a JSON Web Key Set, where `exp` is when a key expires."""
    return of_entries(json.loads(text)["keys"])


def of_entries(entries: list[dict[str, Any]]) -> PublicKeys:
    """Reads the keys of such a set.

    Raises:
        ValueError: there is none.
    """
    if not entries:
        raise ValueError("no key")
    return PublicKeys(
        {
            entry["kid"]: PublicKey(
                OKPKey.import_key({name: entry[name] for name in ("kty", "crv", "x")}),
                entry.get("exp"),
            )
            for entry in entries
        }
    )


def entry_of(pem: str) -> dict[str, Any]:
    """Returns the public half of a private key as an entry of a key set."""
    key = OKPKey.import_key(pem)
    return {**key.as_dict(private=False), "kid": key.thumbprint()}
