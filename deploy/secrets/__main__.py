"""`python -m deploy.secrets FOLDER` creates the secret files that are missing.

`python -m deploy.secrets rotate FOLDER NAME…` replaces secrets; see rotation.py.
"""

import sys
from pathlib import Path

from deploy.secrets import rotation
from deploy.secrets.creation import make_secrets

_USAGE = (
    "usage: python -m deploy.secrets FOLDER\n       python -m deploy.secrets rotate FOLDER NAME…"
)


def main(arguments: list[str]) -> None:
    match arguments:
        case ["rotate", folder, *names] if names:
            replaced = rotation.checked_names(names)
            rotation.rotate(Path(folder), replaced)
            sys.stdout.write(f"souk: replaced {', '.join(replaced)} in {folder}\n")
        case [folder] if folder != "rotate":
            created = make_secrets(Path(folder))
            sys.stdout.write(f"souk: created {len(created)} secret files in {folder}\n")
        case _:
            raise SystemExit(_USAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
