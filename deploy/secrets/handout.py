"""Creates the platform's secrets and gives each process only those that it needs.

`python -m deploy.secrets.handout SECRETS HANDOUT`: SECRETS receives everything, and only one-shot
jobs see it; HANDOUT/{process} receives that process's own secrets. Running it again only copies
secrets that were replaced in SECRETS. `… rotate NAME…` replaces keys without a failed request; a
password takes two steps, `announce NAME…` and `switch NAME…`, with provision between them.
"""

import secrets
import sys
from pathlib import Path

from deploy.manifest import PROCESSES, Process
from deploy.secrets import rotation
from deploy.secrets.creation import make_secrets
from deploy.secrets.files import write
from deploy.secrets.kinds import PASSWORDS

POSTGRES = "postgres.password"
ADMIN = "postgres-admin.url"


def hand_out(folder: Path, handout: Path) -> None:
    """Creates missing secrets in `folder` and copies to each process what it needs."""
    make_secrets(folder)
    if not (folder / POSTGRES).exists():
        write(folder / POSTGRES, secrets.token_urlsafe(32))
    password = (folder / POSTGRES).read_text().strip()
    write(folder / ADMIN, f"postgresql://postgres:{password}@postgres:5432/postgres")
    # PostgreSQL's image runs as a different user. No other process mounts its folder.
    write(handout / "postgres" / POSTGRES, password, 0o444)
    for process in PROCESSES:
        _copy_secrets(process, folder, handout / process.name)


def _copy_secrets(process: Process, folder: Path, copies: Path) -> None:
    for name in process.needed_secrets:
        write(copies / name, (folder / name).read_text(), 0o400)
    optional_names = {f"{name}.next" for name in PASSWORDS.intersection(process.needed_secrets)}
    for name in optional_names.union(process.optional_secrets):
        if (folder / name).exists():
            write(copies / name, (folder / name).read_text(), 0o400)
        else:
            (copies / name).unlink(missing_ok=True)


def main(arguments: list[str]) -> None:
    """Announces, switches or rotates the named secrets if asked to, then hands them out."""
    if len(arguments) < 2:
        raise SystemExit(
            "usage: python -m deploy.secrets.handout SECRETS HANDOUT [announce|switch|rotate NAME…]"
        )
    folder, handout = Path(arguments[0]), Path(arguments[1])
    match arguments[2:]:
        case []:
            pass
        case ["announce", *names]:
            rotation.announce(folder, rotation.checked_names(names))
        case ["switch", *names]:
            rotation.switch(folder, rotation.checked_names(names))
        case ["rotate", *names]:
            replaced = rotation.checked_names(names)
            rotation.rotate(folder, replaced, hand_out=lambda: hand_out(folder, handout))
        case [word, *_]:
            raise SystemExit(f"souk: {word} is none of announce, switch and rotate")
    hand_out(folder, handout)


if __name__ == "__main__":
    main(sys.argv[1:])
