"""C2SP signed notes: checkpoints of a log, and a witness's cosignatures on them.

Depends only on the standard library and cryptography, as it is used offline too. See
https://c2sp.org/signed-note, tlog-checkpoint and tlog-cosignature.
"""

import base64
import binascii
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import load_pem_private_key

LOG_KEY = "souk.dev/audit"
WITNESS_KEY = "souk.dev/witness"
PLATFORM_ORIGIN = f"{LOG_KEY}/platform"

ED25519, COSIGNATURE = 1, 4
"""Key kinds: Ed25519 over the note, or cosignature/v1 over the time and the note."""
_MOST_BYTES = 64 * 1024
_BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\n")
_SIGNATURE = re.compile(r"\u2014 ([^ +\n]+) ([A-Za-z0-9+/=]+)")


class InvalidNote(ValueError):
    """A note is malformed, or not signed by a known key."""


def origin(tenant: str) -> str:
    """Returns the name of a tenant's log, the first line of its checkpoints."""
    return f"{LOG_KEY}/tenants/{tenant}"


@dataclass(frozen=True)
class Checkpoint:
    """The state of a log: `root` is the Merkle tree hash over its first `size` entries."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        return f"{self.origin}\n{self.size}\n{_text(self.root)}\n"


@dataclass(frozen=True)
class Key:
    """A named public key and its kind."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        head = self.name.encode() + b"\n" + bytes([self.kind])
        return sha256(head + self.public).digest()[:4]

    def line(self) -> str:
        """Formats the key as in key files: name, id and key, joined by plus signs."""
        return f"{self.name}+{self.id.hex()}+{_text(bytes([self.kind]) + self.public)}"


def read_keys(text: str) -> list[Key]:
    """Reads a key file, one key a line; rotated keys stay in it.

    Raises:
        InvalidNote: a line is not a key, or its id does not match.
    """
    keys = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, rest = line.partition("+")
        stated_id, _, encoded = rest.partition("+")
        kind_and_key = _data(encoded)
        key = Key(name, kind_and_key[0] if kind_and_key else 0, kind_and_key[1:])
        if (
            len(key.public) != 32
            or key.id.hex() != stated_id
            or key.kind not in (ED25519, COSIGNATURE)
        ):
            raise InvalidNote(f"not a public key: {line[:100]}")
        keys.append(key)
    return keys


class LogKey:
    """A log's private key, which signs its checkpoints."""

    def __init__(self, pem: str) -> None:
        self._private = private_key(pem)
        self.public = Key(LOG_KEY, ED25519, _public(self._private))

    def sign(self, checkpoint: Checkpoint) -> str:
        body = checkpoint.body()
        return f"{body}\n{_line(self.public, self._private.sign(body.encode()))}"


class WitnessKey:
    """A witness's private key, which cosigns checkpoints that a log has signed."""

    def __init__(self, pem: str) -> None:
        self._private = private_key(pem)
        self.public = Key(WITNESS_KEY, COSIGNATURE, _public(self._private))

    def cosign(self, body: str, seconds: int) -> str:
        """Returns the signature line: at this time, the witness had seen no conflicting log."""
        signature = self._private.sign(_cosigned(body, seconds))
        return _line(self.public, struct.pack(">Q", seconds) + signature)


def verified(note: str, keys: Iterable[Key]) -> Checkpoint:
    """Reads a checkpoint that one of these keys has signed.

    Raises:
        InvalidNote: it is malformed, or not signed by any of them.
    """
    body, signatures = _body_and_signatures(note)
    for key, signature in _signatures_by(signatures, keys):
        if key.kind == ED25519 and _is_signed(key, signature, body.encode()):
            return _checkpoint(body)
    raise InvalidNote("not signed by a known key")


def cosigned_at(note: str, keys: Iterable[Key]) -> int | None:
    """Returns when one of these witnesses cosigned a note, in Unix seconds; None if none did."""
    body, signatures = _body_and_signatures(note)
    for key, signature in _signatures_by(signatures, keys):
        if key.kind == COSIGNATURE and len(signature) == 72:
            [seconds] = struct.unpack(">Q", signature[:8])
            if _is_signed(key, signature[8:], _cosigned(body, seconds)):
                return int(seconds)
    return None


def body_of(note: str) -> str:
    """Returns the signed part of a note."""
    return _body_and_signatures(note)[0]


def _signatures_by(signatures: str, keys: Iterable[Key]) -> list[tuple[Key, bytes]]:
    """Returns the signatures by known keys; every line must be a well-formed signature."""
    known = {(key.name, key.id): key for key in keys}
    found = []
    for line in signatures.splitlines():
        match = _SIGNATURE.fullmatch(line)
        if match is None:
            raise InvalidNote("a line is not a signature")
        id_and_signature = _data(match[2])
        if key := known.get((match[1], id_and_signature[:4])):
            found.append((key, id_and_signature[4:]))
    return found


def _body_and_signatures(note: str) -> tuple[str, str]:
    if len(note) > _MOST_BYTES or not note.endswith("\n"):
        raise InvalidNote("not a signed note")
    body, separator, signatures = note.partition("\n\n")
    if not separator or not signatures:
        raise InvalidNote("not a signed note")
    return body + "\n", signatures


def _checkpoint(body: str) -> Checkpoint:
    match = _BODY.fullmatch(body)
    if match is None:
        raise InvalidNote("not a checkpoint")
    return Checkpoint(match[1], int(match[2]), base64.b64decode(match[3]))


def _cosigned(body: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()


def _is_signed(key: Key, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _line(key: Key, signature: bytes) -> str:
    return f"\u2014 {key.name} {_text(key.id + signature)}\n"


def private_key(pem: str) -> Ed25519PrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidNote("not an Ed25519 key")
    return key


def _public(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def _data(text: str) -> bytes:
    """Decodes canonical base64; other encodings would allow several notes with the same meaning."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        data = b""
    if _text(data) != text:
        raise InvalidNote(f"not base64: {text[:100]}")
    return data


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
