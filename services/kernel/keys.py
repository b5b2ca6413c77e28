"""Makes the secret files of a platform: `python -m services.kernel.keys FOLDER`.

A file that is there is kept, so running it again changes nothing. Each file is written whole or not
at all, readable by its owner alone. Two runs at the same time end with one set of secrets.
`python -m services.kernel.keys rotate FOLDER NAME…` replaces secrets; see rotation.py.
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

from services.kernel import notes
from services.kernel.signingkeys import entry_of

Entry: TypeAlias = dict[str, Any]
"""A public key, as a set of them holds it."""

DATABASES = ("tenant_registry", "catalog_opt_in", "audit")
ROLES = ("owner", "app", "platform")

# Who signs scopes, and which permissions they may vouch for. A service speaks for itself only when
# it hands its events over to audit; every other permission comes from the gateway.
CALLERS = {
    "gateway": ["*"],
    "tenant-registry": ["event:record"],
    "catalog-opt-in": ["event:record"],
    "audit": ["event:record"],
}


# How long what a signer signed can be shown, in seconds: so long its public key is believed after
# it was replaced. A scope lives 10 seconds, an admin's access token an hour.
SIGNERS = dict.fromkeys(CALLERS, 60) | {"session": 2 * 3600}

# Who signs notes; whatever they signed is verified for good, so their public keys never end.
NOTE_KEYS: dict[str, Callable[[str], notes.LogKey | notes.WitnessKey]] = {
    "checkpoint": notes.LogKey,
    "witness": notes.WitnessKey,
}

# Keys that are the same on both sides, a line each: the first is used, and each is believed.
RINGS = ("redis.key", "totp.key")
# What these encrypted is stored, so no line of them is ever taken away.
KEPT_RINGS = frozenset({"totp.key"})


def make_secrets(folder: Path) -> list[str]:
    """Makes what is missing in `folder` and returns the names of the files that it made."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = [name for name, new in MAKERS.items() if make(folder / name, new)]
    return made + publish(folder)


def publish(folder: Path, retiring: Entry | None = None) -> list[str]:
    """Writes which public keys are believed, where that is not written; returns what it wrote.

    These are a signer's own, the one that it will have next, and those that it had before, until
    they end. `retiring` is an own one that shall end, with its `exp`.
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
    """Reads a signer's private keys: the one of now and, once it is announced, the next one."""
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
    """Makes a password that a person can read out and type: 12 syllables, 75 bits."""
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
    """Writes a file that is not there yet; tells whether it did."""
    if path.exists():
        return False
    draft = _draft(path, new())
    try:
        os.link(draft, path)  # unlike a rename, it never replaces what another run made just now
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def _publish(path: Path, text: str) -> list[str]:
    """Writes a file that follows from others, when it is missing or no longer true."""
    if path.exists() and path.read_text() == text:
        return []
    write(path, text)
    return [path.name]


def write(path: Path, text: str) -> None:
    """Writes a file whole, in the place of what was there."""
    _draft(path, text).replace(path)


def _publish_more(path: Path, keys: Iterable[notes.LogKey | notes.WitnessKey]) -> list[str]:
    """Adds public keys to those of before, by which whatever they signed is verified for good."""
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
        from services.kernel import rotation  # it imports this file

        rotation.main(Path(arguments[1]), arguments[2:])
        return
    if len(arguments) != 1:
        raise SystemExit("usage: python -m services.kernel.keys [rotate] FOLDER [NAME…]")
    made = make_secrets(Path(arguments[0]))
    sys.stdout.write(f"souk: created {len(made)} secret files in {arguments[0]}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
