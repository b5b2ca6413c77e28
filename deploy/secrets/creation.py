"""Creates the secret files of a platform: `python -m deploy.secrets.creation FOLDER`.

Existing files are kept, so running it again changes nothing. Each file is written atomically and
readable only by its owner. Two concurrent runs end with one set of secrets.
`python -m deploy.secrets.creation rotate FOLDER NAME…` replaces secrets; see rotation.py.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from services.kernel.evidence import signed_notes
from services.kernel.process.signing_keys import entry_of

Entry: TypeAlias = dict[str, Any]
"""A public key, as an entry of a key set."""

DATABASES = ("tenant_registry", "catalog_opt_in", "audit")
ROLES = ("owner", "app", "platform")

# Who signs scopes, and which permissions they may vouch for. A service speaks for itself only when
# it delivers its events to audit; every other permission comes from the gateway.
CALLERS = {
    "gateway": ["*"],
    "tenant-registry": ["event:record"],
    "catalog-opt-in": ["event:record"],
    "audit": ["event:record"],
}


# How long, in seconds, a replaced key's signatures stay valid, and its public key stays trusted. A
# scope lives 10 seconds, an admin's access token an hour.
SIGNERS = dict.fromkeys(CALLERS, 60) | {"session": 2 * 3600}

# Who signs notes; their signatures must stay verifiable, so their public keys never expire.
NOTE_KEYS: dict[str, Callable[[str], signed_notes.LogKey | signed_notes.WitnessKey]] = {
    "checkpoint": signed_notes.LogKey,
    "witness": signed_notes.WitnessKey,
}

# Shared keys, one a line: the first is used, and all are accepted.
RINGS = ("redis.key", "totp.key")
# What these encrypted is stored, so none of their lines is ever removed.
KEPT_RINGS = frozenset({"totp.key"})


def make_secrets(folder: Path) -> list[str]:
    """Creates the files missing from `folder` and returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = [name for name, new in MAKERS.items() if make(folder / name, new)]
    return made + publish(folder)


def publish(folder: Path, retiring: Entry | None = None) -> list[str]:
    """Writes the files of trusted public keys where they are out of date; returns their names.

    They hold each signer's current key, its next one, and earlier ones until they expire.
    `retiring` is a current key that is to expire, with its `exp`.
    """
    sets, callers = folder / "session.jwks", folder / "callers.json"
    before = _read(callers)
    entries = {
        signer: _entries(folder, signer, before.get(signer, {}).get("keys", []), retiring)
        for signer in CALLERS
    }
    told = {signer: {"keys": entries[signer], "may": may} for signer, may in CALLERS.items()}
    session = _entries(folder, "session", _read(sets).get("keys", []), retiring)
    written = _publish(sets, _json({"keys": session})) + _publish(callers, _json(told))
    for signer, kind in NOTE_KEYS.items():
        written += _publish_more(folder / f"{signer}.pub", map(kind, _own_keys(folder, signer)))
    return written


def _entries(folder: Path, signer: str, before: list[Entry], retiring: Entry | None) -> list[Entry]:
    own = [entry_of(key) for key in _own_keys(folder, signer)]
    ids, now = {entry["kid"] for entry in own}, time.time()
    if retiring is not None:
        own = [retiring if entry["kid"] == retiring["kid"] else entry for entry in own]
    return own + [e for e in before if e["kid"] not in ids and e.get("exp", 0) > now]


def _own_keys(folder: Path, signer: str) -> list[str]:
    """Reads a signer's private keys: the current one and, once announced, the next."""
    files = (folder / f"{signer}.key", folder / f"{signer}.key.next")
    return [file.read_text() for file in files if file.exists()]


def _read(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return read


def _json(value: object) -> str:
    return json.dumps(value, indent=2)


def _private_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _speakable() -> str:
    """Makes a password that is easy to read out and type: 12 syllables, 75 bits."""
    syllables = [
        secrets.choice("bdfghjklmnprstvz") + secrets.choice("aeiou")  # 80 of them: 6.3 bits each
        for _ in range(12)
    ]
    return "-".join("".join(syllables[start : start + 3]) for start in range(0, 12, 3))


def _random() -> str:
    return secrets.token_urlsafe(32)


PASSWORDS = frozenset(f"{database}_{role}.password" for database in DATABASES for role in ROLES)

MAKERS: dict[str, Callable[[], str]] = (
    dict.fromkeys(sorted(PASSWORDS), _random)
    | {f"{signer}.key": _private_key for signer in (*SIGNERS, *NOTE_KEYS)}
    | dict.fromkeys(RINGS, _random)
    | {"admin.password": _speakable}
)


def make(path: Path, new: Callable[[], str]) -> bool:
    """Writes a file unless it exists; returns whether it was written."""
    if path.exists():
        return False
    draft = _draft(path, new())
    try:
        os.link(draft, path)  # unlike a rename, it never replaces the file of a concurrent run
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def _publish(path: Path, text: str) -> list[str]:
    """Writes a derived file if it is missing or out of date."""
    if path.exists() and path.read_text() == text:
        return []
    write(path, text)
    return [path.name]


def write(path: Path, text: str) -> None:
    """Replaces a file atomically."""
    _draft(path, text).replace(path)


def _publish_more(
    path: Path, keys: Iterable[signed_notes.LogKey | signed_notes.WitnessKey]
) -> list[str]:
    """Adds public keys to the earlier ones, which stay so that old signatures can be verified."""
    lines = path.read_text().splitlines() if path.exists() else []
    lines += [line for line in (key.public.line() for key in keys) if line not in lines]
    return _publish(path, "".join(f"{line}\n" for line in lines))


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["rotate"] and len(arguments) > 2:
        from deploy.secrets import rotation  # it imports this file

        rotation.main(Path(arguments[1]), arguments[2:])
        return
    if len(arguments) != 1:
        raise SystemExit("usage: python -m deploy.secrets.creation [rotate] FOLDER [NAME…]")
    made = make_secrets(Path(arguments[0]))
    sys.stdout.write(f"souk: created {len(made)} secret files in {arguments[0]}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
