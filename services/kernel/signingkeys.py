"""Ed25519 keys by their ids: one that signs, and the public ones that are believed.

A set of public keys holds more than one while a key is being replaced: the next one is published
before anything is signed with it, and the one before stays until what it signed has ended.
"""

import json
import time
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import OKPKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the id by which verifiers find its public one."""

    key: OKPKey
    key_id: str


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key; `ends` is in Unix seconds, None while it is not being retired."""

    key: OKPKey
    ends: float | None = None


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The public keys of one signer, by id; the first is the one of who names none."""

    by_id: dict[str, PublicKey]

    def find(self, key_id: object) -> OKPKey | None:
        """Gives the key with an id; None when nobody has it, or not any more."""
        wanted = next(iter(self.by_id), "") if key_id is None else key_id
        found = self.by_id.get(wanted) if isinstance(wanted, str) else None
        if found is None or (found.ends is not None and found.ends < time.time()):
            return None
        return found.key


def signing_key(pem: str) -> SigningKey:
    key = OKPKey.import_key(pem)
    return SigningKey(key, key.thumbprint())


def public_keys(*keys: OKPKey) -> PublicKeys:
    """Makes a set of keys that are all in use."""
    return PublicKeys({key.thumbprint(): PublicKey(key) for key in keys})


def read_set(text: str) -> PublicKeys:
    """Reads a JSON Web Key Set; `exp` in a key is when it ends."""
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
    """Writes the public half of a private key as an entry of a set."""
    key = OKPKey.import_key(pem)
    return {**key.as_dict(private=False), "kid": key.thumbprint()}
