"""Signed notes as C2SP has them: checkpoints of a log, and a witness's cosignatures on them.

Of the standard library and cryptography alone, like the tree: both are for offline use, too. See
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

_SIGNS, _COSIGNS = 1, 4
"""What a key is for: Ed25519 over the note, or cosignature/v1 over the time and the note."""
_MOST_BYTES = 64 * 1024
_BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\n")
_SIGNATURE = re.compile(r"\u2014 ([^ +\n]+) ([A-Za-z0-9+/=]+)")


class Untrue(ValueError):
    """A note is malformed, or nobody whose key is known has signed it."""


def origin(tenant: str) -> str:
    """Names a tenant's log, as the first line of its checkpoints."""
    return f"{LOG_KEY}/tenants/{tenant}"


@dataclass(frozen=True)
class Checkpoint:
    """What a log was at some moment: `root` is the Merkle tree hash over its first `size`."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        return f"{self.origin}\n{self.size}\n{_text(self.root)}\n"


@dataclass(frozen=True)
class Key:
    """A public key that is known by name, and what it is for."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        head = self.name.encode() + b"\n" + bytes([self.kind])
        return sha256(head + self.public).digest()[:4]

    def line(self) -> str:
        """Writes it as key files have it: name, id and key, with a plus between."""
        return f"{self.name}+{self.id.hex()}+{_text(bytes([self.kind]) + self.public)}"


def read_keys(text: str) -> list[Key]:
    """Reads a key file, one key a line; several during a rotation and for good after it.

    Raises:
        Untrue: a line is no key, or has another id than it says.
    """
    keys = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, rest = line.partition("+")
        said, _, encoded = rest.partition("+")
        packed = _data(encoded)
        key = Key(name, packed[0] if packed else 0, packed[1:])
        if len(key.public) != 32 or key.id.hex() != said or key.kind not in (_SIGNS, _COSIGNS):
            raise Untrue(f"not a public key: {line[:100]}")
        keys.append(key)
    return keys


class LogKey:
    """A log's private key: signs its checkpoints."""

    def __init__(self, pem: str) -> None:
        self._private = _private(pem)
        self.public = Key(LOG_KEY, _SIGNS, _public(self._private))

    def sign(self, checkpoint: Checkpoint) -> str:
        body = checkpoint.body()
        return f"{body}\n{_line(self.public, self._private.sign(body.encode()))}"


class WitnessKey:
    """A witness's private key: cosigns checkpoints that somebody else has signed."""

    def __init__(self, pem: str) -> None:
        self._private = _private(pem)
        self.public = Key(WITNESS_KEY, _COSIGNS, _public(self._private))

    def cosign(self, body: str, seconds: int) -> str:
        """Makes the signature line that says: at this time, I had seen nothing else."""
        signature = self._private.sign(_cosigned(body, seconds))
        return _line(self.public, struct.pack(">Q", seconds) + signature)


def verified(note: str, keys: Iterable[Key]) -> Checkpoint:
    """Reads a checkpoint that one of these keys has signed.

    Raises:
        Untrue: it is malformed, or none of them has.
    """
    body, signatures = _parts(note)
    for key, signature in _known(signatures, keys):
        if key.kind == _SIGNS and _is_signed(key, signature, body.encode()):
            return _checkpoint(body)
    raise Untrue("not signed by a known key")


def cosigned_at(note: str, keys: Iterable[Key]) -> int | None:
    """Tells when one of these witnesses cosigned a note, in seconds; None when none has."""
    body, signatures = _parts(note)
    for key, signature in _known(signatures, keys):
        if key.kind == _COSIGNS and len(signature) == 72:
            [seconds] = struct.unpack(">Q", signature[:8])
            if _is_signed(key, signature[8:], _cosigned(body, seconds)):
                return int(seconds)
    return None


def body_of(note: str) -> str:
    """Gives what is signed of a note."""
    return _parts(note)[0]


def _known(signatures: str, keys: Iterable[Key]) -> list[tuple[Key, bytes]]:
    """Finds the signatures of keys that are known; each line must be a signature all the same."""
    known = {(key.name, key.id): key for key in keys}
    found = []
    for line in signatures.splitlines():
        match = _SIGNATURE.fullmatch(line)
        if match is None:
            raise Untrue("a line is not a signature")
        packed = _data(match[2])
        if key := known.get((match[1], packed[:4])):
            found.append((key, packed[4:]))
    return found


def _parts(note: str) -> tuple[str, str]:
    if len(note) > _MOST_BYTES or not note.endswith("\n"):
        raise Untrue("not a signed note")
    body, gap, signatures = note.partition("\n\n")
    if not gap or not signatures:
        raise Untrue("not a signed note")
    return body + "\n", signatures


def _checkpoint(body: str) -> Checkpoint:
    match = _BODY.fullmatch(body)
    if match is None:
        raise Untrue("not a checkpoint")
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


def _private(pem: str) -> Ed25519PrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise Untrue("not an Ed25519 key")
    return key


def _public(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def _data(text: str) -> bytes:
    """Reads base64 in its one right spelling: another one would be another note of the same."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        data = b""
    if _text(data) != text:
        raise Untrue(f"not base64: {text[:100]}")
    return data


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
