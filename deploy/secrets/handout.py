"""Creates the platform's secrets and gives each process only those that it needs.

`python deploy/secrets/handout.py SECRETS HANDOUT`: SECRETS receives everything, and only one-shot jobs see
it; HANDOUT/{process} receives that process's own secrets. Running it again only copies secrets that
were replaced in SECRETS. `… rotate NAME…` replaces keys without a failed request; a password takes
two steps, `announce NAME…` and `switch NAME…`, with provision between them.
"""

import os
import secrets
import sys
from pathlib import Path

from deploy.secrets import rotation
from deploy.secrets.creation import PASSWORDS, make_secrets

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

# Optional files from the operator: the mail server's password and the OIDC providers.
MAY_HAVE = {"tenant-registry": ("smtp.password", "oidc.json")}


def hand_out(folder: Path, handout: Path) -> None:
    """Creates missing secrets in `folder` and copies those in NEEDS to each process."""
    make_secrets(folder)
    if not (folder / POSTGRES).exists():
        _write(folder / POSTGRES, secrets.token_urlsafe(32))
    password = (folder / POSTGRES).read_text().strip()
    _write(folder / ADMIN, f"postgresql://postgres:{password}@postgres:5432/postgres")
    for process, names in NEEDS.items():
        # PostgreSQL's image runs as a different user. No other process mounts its folder.
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
    """Copies the next password while there is one, else removes it."""
    if one.exists():
        _write(other, one.read_text(), mode)
    else:
        other.unlink(missing_ok=True)


def _write(path: Path, text: str, mode: int = 0o600) -> None:
    """Writes a file atomically, unless it already has this text."""
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
    draft.replace(path)


def main(folder: Path, handout: Path, *words: str) -> None:
    """Announces, switches or rotates the named secrets if asked to, then hands them out."""
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
