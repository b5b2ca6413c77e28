"""Makes the secret files of a platform: `python -m services.kernel.keys FOLDER`.

A file that is there is kept, so running it again changes nothing. Each file is written whole or not
at all, readable by its owner alone. Two runs at the same time end with one set of secrets.
"""

import json
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from services.kernel import notes

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


def make_secrets(folder: Path) -> list[str]:
    """Makes what is missing in `folder` and returns the names of the files that it made."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = [name for name, make in _contents().items() if _make(folder / name, make)]
    made += _publish(folder / "session.pub", _public_key(folder / "session.key"))
    made += _publish(folder / "callers.json", _callers(folder))
    made += _publish_more(folder / "checkpoint.pub", notes.LogKey(_read(folder, "checkpoint.key")))
    made += _publish_more(folder / "witness.pub", notes.WitnessKey(_read(folder, "witness.key")))
    return made


def _contents() -> dict[str, Callable[[], str]]:
    passwords = [f"{database}_{role}.password" for database in DATABASES for role in ROLES]
    keys = [f"{name}.key" for name in (*CALLERS, "session", "checkpoint", "witness")]
    return (
        dict.fromkeys(passwords, lambda: secrets.token_urlsafe(32))
        | dict.fromkeys(keys, _private_key)
        | {"admin.password": _speakable}
    )


def _private_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public_key(private: Path) -> str:
    key = load_pem_private_key(private.read_bytes(), password=None)
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _callers(folder: Path) -> str:
    return json.dumps(
        {
            caller: {"public_key": _public_key(folder / f"{caller}.key"), "may": may}
            for caller, may in CALLERS.items()
        },
        indent=2,
    )


def _speakable() -> str:
    """Makes a password that a person can read out and type: 12 syllables, 75 bits."""
    syllables = [
        secrets.choice("bdfghjklmnprstvz") + secrets.choice("aeiou")  # 80 of them: 6.3 bits each
        for _ in range(12)
    ]
    return "-".join("".join(syllables[start : start + 3]) for start in range(0, 12, 3))


def _make(path: Path, make: Callable[[], str]) -> bool:
    """Writes a file that is not there yet; tells whether it did."""
    if path.exists():
        return False
    draft = _draft(path, make())
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
    _draft(path, text).replace(path)
    return [path.name]


def _publish_more(path: Path, key: notes.LogKey | notes.WitnessKey) -> list[str]:
    """Adds a public key to those of before, by which whatever they signed is verified for good."""
    lines = path.read_text().splitlines() if path.exists() else []
    if key.public.line() not in lines:
        lines.append(key.public.line())
    return _publish(path, "".join(f"{line}\n" for line in lines))


def _read(folder: Path, name: str) -> str:
    return (folder / name).read_text()


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise SystemExit("usage: python -m services.kernel.keys FOLDER")
    made = make_secrets(Path(arguments[0]))
    sys.stdout.write(f"souk: made {len(made)} secret files in {arguments[0]}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
