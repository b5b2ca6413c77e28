"""Makes the platform's secrets, and gives each process those that it needs: no other's key.

`python deploy/handout.py SECRETS HANDOUT`: SECRETS gets everything, and only one-shot jobs see it;
HANDOUT/{process} gets that process's own. Running it again changes nothing, unless a secret was
replaced in SECRETS: then it follows. `… rotate NAME…` replaces keys without a failed request; a
password takes two steps, `announce NAME…` and `switch NAME…`, with provision between them.
"""

import os
import secrets
import sys
from pathlib import Path

from services.kernel import rotation
from services.kernel.keys import PASSWORDS, make_secrets

POSTGRES = "postgres.password"
ADMIN = "postgres-admin.url"


def _of_service(name: str) -> tuple[str, ...]:
    database = name.replace("-", "_")
    return (
        f"{database}_app.password",
        f"{database}_platform.password",
        f"{name}.key",
        "callers.json",
    )


NEEDS = {
    "postgres": (POSTGRES,),
    "tenant-registry": (*_of_service("tenant-registry"), "session.key", "totp.key"),
    "catalog-opt-in": _of_service("catalog-opt-in"),
    "audit": (*_of_service("audit"), "checkpoint.key", "checkpoint.pub", "witness.pub"),
    "witness": ("witness.key", "checkpoint.pub"),
    "gateway": ("gateway.key", "redis.key", "session.jwks"),
}

# What an operator adds: the mail server's password, and whom to log in by OIDC.
MAY_HAVE = {"tenant-registry": ("smtp.password", "oidc.json")}


def hand_out(folder: Path, handout: Path) -> None:
    """Makes what is missing in `folder`, and copies to each process what NEEDS names."""
    make_secrets(folder)
    if not (folder / POSTGRES).exists():
        _write(folder / POSTGRES, secrets.token_urlsafe(32))
    password = (folder / POSTGRES).read_text().strip()
    _write(folder / ADMIN, f"postgresql://postgres:{password}@postgres:5432/postgres")
    for process, names in NEEDS.items():
        # PostgreSQL's image runs under a user of its own. Its folder is mounted by no one else.
        mode = 0o444 if process == "postgres" else 0o400
        for name in names:
            _write(handout / process / name, (folder / name).read_text(), mode)
        for name in PASSWORDS.intersection(names):
            _follow(folder / f"{name}.next", handout / process / f"{name}.next", mode)
    for process, names in MAY_HAVE.items():
        for name in names:
            if (folder / name).exists():
                _write(handout / process / name, (folder / name).read_text(), 0o400)


def _follow(one: Path, other: Path, mode: int) -> None:
    """Hands out the next password while there is one."""
    if one.exists():
        _write(other, one.read_text(), mode)
    else:
        other.unlink(missing_ok=True)


def _write(path: Path, text: str, mode: int = 0o600) -> None:
    """Writes a file whole or not at all, unless it says so already."""
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
    draft.replace(path)


def main(folder: Path, handout: Path, *words: str) -> None:
    """Hands out, before that `announce`s or `switch`es what is named, or `rotate`s all of it."""
    match words:
        case ("announce", *names):
            rotation.announce(folder, names)
        case ("switch", *names):
            rotation.switch(folder, names)
        case ("rotate", *names):
            rotation.rotate(folder, names, hand_out=lambda: hand_out(folder, handout))
    hand_out(folder, handout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
