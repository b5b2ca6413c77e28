"""A service's signature over the envelope of each event that it leaves.

Depends only on the standard library and cryptography, as the offline verifier uses it too. The key
is the one that signs the service's scopes; a prefix keeps the two kinds of signatures apart.
"""

from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.kernel.evidence.signed_notes import ED25519, Key, private_key, read_keys

_PREFIX = b"souk-event/v1\n"
_ID_BYTES = 4
REVOKED = " revoked"


class EventKey:
    """A service's private key, which signs its events."""

    def __init__(self, service: str, pem: str) -> None:
        self._private = private_key(pem)
        public = self._private.public_key().public_bytes_raw()
        self.public = public_key(service, public)

    def sign(self, envelope: bytes) -> bytes:
        """Returns the key's id, 4 bytes, and the Ed25519 signature, 64 bytes."""
        return self.public.id + self._private.sign(_PREFIX + envelope)


class EventKeys:
    """The public keys of all services, replaced ones too: what they signed stays verifiable."""

    def __init__(self, keys: Iterable[Key], revoked: Iterable[Key] = ()) -> None:
        self._current, self._revoked = _by_id(keys), _by_id(revoked)

    @classmethod
    def read(cls, text: str) -> "EventKeys":
        """Reads services.pub: one key a line, with the word `revoked` after one that was stolen.

        Raises:
            InvalidNote: a line is not a key.
        """
        current, revoked = list[str](), list[str]()
        for line in text.splitlines():
            key_text = line.removesuffix(REVOKED)
            (current if key_text == line else revoked).append(key_text)
        return cls(read_keys("\n".join(current)), read_keys("\n".join(revoked)))

    def have_signed(
        self, envelope: bytes, service: str, signature: bytes, *, including_revoked: bool
    ) -> bool:
        """Returns whether this service has signed the envelope.

        A revoked key still proves what is in the log, and must not bring anything new into it.
        """
        owner = (_name(service), signature[:_ID_BYTES])
        key = self._current.get(owner) or (self._revoked.get(owner) if including_revoked else None)
        try:
            if key is not None:
                key.verify(signature[_ID_BYTES:], _PREFIX + envelope)
        except InvalidSignature:
            return False
        return key is not None


def _by_id(keys: Iterable[Key]) -> dict[tuple[str, bytes], Ed25519PublicKey]:
    return {(key.name, key.id): Ed25519PublicKey.from_public_bytes(key.public) for key in keys}


def public_key(service: str, public: bytes) -> Key:
    return Key(_name(service), ED25519, public)


def _name(service: str) -> str:
    return f"services/{service}"
