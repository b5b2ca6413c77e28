"""The files of trusted public keys, which are derived from the private ones."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

from deploy.manifest import SERVICES
from deploy.secrets.files import write
from deploy.secrets.kinds import CALLERS, NOTE_KEYS, TOKENS
from services.kernel.evidence import signed_notes
from services.kernel.evidence.event_signatures import REVOKED, public_key
from services.kernel.process.signing_keys import entry_of

Entry: TypeAlias = dict[str, Any]
"""A public key, as an entry of a key set."""


def publish(folder: Path, retiring: Entry | None = None) -> list[str]:
    """Writes the files of trusted public keys where they are out of date; returns their names.

    They hold each signer's current key, its next one, and earlier ones until they expire.
    `retiring` is a current key that is to expire, with its `exp`.
    """
    callers = folder / "callers.json"
    published = _read(callers)
    entries = {
        name: {
            "keys": _entries(folder, name, published.get(name, {}).get("keys", []), retiring),
            "may": sorted(permissions),
        }
        for name, permissions in CALLERS.items()
    }
    sets = {
        path: {"keys": _entries(folder, signer, _read(path).get("keys", []), retiring)}
        for signer in TOKENS
        for path in [folder / f"{signer}.jwks"]
    }
    # First of all: after an interruption, callers.json must still name a key that is to be revoked.
    written = ["services.pub"] if _publish_event_keys(folder, published, entries) else []
    written += [
        path.name
        for path, value in (*sets.items(), (callers, entries))
        if write(path, json.dumps(value, indent=2))
    ]
    for signer, kind in NOTE_KEYS.items():
        path = folder / f"{signer}.pub"
        if _add_note_keys(path, map(kind, _private_keys(folder, signer))):
            written.append(path.name)
    return written


def _publish_event_keys(
    folder: Path, published: dict[str, Any], entries: dict[str, dict[str, Any]]
) -> bool:
    """Adds the services' keys to services.pub, by which their events are verified for good.

    A key that was removed without having been retired was stolen: it is marked as revoked.
    """
    path = folder / "services.pub"
    lines = path.read_text().splitlines() if path.exists() else []
    for service in SERVICES:
        trusted = _event_keys(service.name, entries[service.name]["keys"])
        lines += [line for line in trusted if line not in lines]
        before = published.get(service.name, {}).get("keys", [])
        unretired = _event_keys(service.name, [entry for entry in before if "exp" not in entry])
        stolen = set(unretired) - set(trusted)
        lines = [f"{line}{REVOKED}" if line in stolen else line for line in lines]
    return write(path, "".join(f"{line}\n" for line in lines))


def _event_keys(service: str, entries: Iterable[Entry]) -> list[str]:
    """Formats the keys of a key set as lines of services.pub."""
    points = (entry["x"] for entry in entries)
    return [public_key(service, urlsafe_b64decode(x + "=" * (-len(x) % 4))).line() for x in points]


def _entries(
    folder: Path, signer: str, published: list[Entry], retiring: Entry | None
) -> list[Entry]:
    own = [entry_of(key) for key in _private_keys(folder, signer)]
    ids, now = {entry["kid"] for entry in own}, time.time()
    if retiring is not None:
        own = [retiring if entry["kid"] == retiring["kid"] else entry for entry in own]
    return own + [e for e in published if e["kid"] not in ids and e.get("exp", 0) > now]


def _private_keys(folder: Path, signer: str) -> list[str]:
    """Reads a signer's private keys: the current one and, once announced, the next."""
    files = (folder / f"{signer}.key", folder / f"{signer}.key.next")
    return [file.read_text() for file in files if file.exists()]


def _read(path: Path) -> dict[str, Any]:
    published: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return published


def _add_note_keys(
    path: Path, keys: Iterable[signed_notes.LogKey | signed_notes.WitnessKey]
) -> bool:
    """Adds public keys to the earlier ones, which stay so that old signatures can be verified."""
    lines = path.read_text().splitlines() if path.exists() else []
    lines += [line for line in (key.public.line() for key in keys) if line not in lines]
    return write(path, "".join(f"{line}\n" for line in lines))
