"""`python -m deploy.secrets FOLDER` creates the secret files that are missing.

`python -m deploy.secrets rotate FOLDER NAME…` replaces secrets; see rotation.py.
`python -m deploy.secrets certificates FOLDER` makes or renews the processes' certificates.
"""

import sys
from pathlib import Path

from deploy.secrets import rotation
from deploy.secrets.certificates import make_certificates
from deploy.secrets.creation import make_secrets

_USAGE = (
    "usage: python -m deploy.secrets FOLDER\n"
    "       python -m deploy.secrets rotate FOLDER NAME…\n"
    "       python -m deploy.secrets certificates FOLDER"
)


def main(arguments: list[str]) -> None:
    match arguments:
        case ["rotate", folder, *names] if names:
            replaced = rotation.checked_names(names)
            rotation.rotate(Path(folder), replaced)
            sys.stdout.write(f"souk: replaced {', '.join(replaced)} in {folder}\n")
        case ["certificates", folder]:
            issued = make_certificates(Path(folder))
            sys.stdout.write(f"souk: issued {len(issued)} certificates in {folder}\n")
        case [folder] if folder not in ("rotate", "certificates"):
            created = make_secrets(Path(folder))
            sys.stdout.write(f"souk: created {len(created)} secret files in {folder}\n")
        case _:
            raise SystemExit(_USAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
