"""Creates the secret files of a platform.

Existing files are kept, so running it again changes nothing. Two concurrent runs end with one set
of secrets.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.secrets.files import make
from deploy.secrets.kinds import NOTE_KEYS, PASSWORDS, RINGS, SIGNERS
from deploy.secrets.public_keys import publish


def make_secrets(folder: Path) -> list[str]:
    """Creates the files missing from `folder` and returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    created = [name for name, new in MAKERS.items() if make(folder / name, new)]
    return created + publish(folder)


def _private_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _readable_password() -> str:
    """Makes a password that is easy to read out and type: 12 syllables, 75 bits."""
    syllables = [
        secrets.choice("bdfghjklmnprstvz") + secrets.choice("aeiou")  # 80 of them: 6.3 bits each
        for _ in range(12)
    ]
    return "-".join("".join(syllables[start : start + 3]) for start in range(0, 12, 3))


def _random() -> str:
    return secrets.token_urlsafe(32)


MAKERS: dict[str, Callable[[], str]] = (
    dict.fromkeys(sorted(PASSWORDS), _random)
    | {f"{signer}.key": _private_key for signer in (*SIGNERS, *NOTE_KEYS)}
    | dict.fromkeys(RINGS, _random)
    | {"admin.password": _readable_password}
)
