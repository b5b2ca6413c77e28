"""Brings the tables of every service up to date: `python -m deploy.migrate`.

It runs each service's `migrate`, then its `commands_after_migrate`, in the order of the manifest.
Each needs that service's settings; running all of it again changes nothing.
"""

import subprocess
import sys

from deploy.manifest import SERVICES


def main() -> None:
    for service in SERVICES:
        for command in ("migrate", *service.commands_after_migrate):
            code = subprocess.run([sys.executable, "-m", service.module, command], check=False)
            if code.returncode:
                raise SystemExit(f"souk: {command} of {service.name} failed")
            sys.stdout.write(f"souk: {service.name}: {command} is done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
