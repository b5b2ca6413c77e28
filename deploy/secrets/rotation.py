"""Replaces secrets while the platform runs, without failing requests.

New secrets are announced first: verifiers learn the next public key, services the next password.
Once every process has had time to read them, they are put into use. What the old key signed stays
valid until it expires. The next run finishes one that was interrupted.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

from deploy import provision
from deploy.secrets.creation import (
    KEPT_RINGS,
    MAKERS,
    PASSWORDS,
    RINGS,
    SIGNERS,
    make,
    publish,
    write,
)
from services.kernel.process.secret_files import LOOK_SECONDS
from services.kernel.process.signing_keys import entry_of

# Processes check their files every LOOK_SECONDS; three times that allows for a busy machine.
WAIT_SECONDS = 3 * LOOK_SECONDS

NAMES = MAKERS.keys() - {"admin.password"}  # only the first admin changes that one


def rotate(
    folder: Path, names: Collection[str], *, hand_out: Callable[[], object] = lambda: None
) -> None:
    """Replaces secrets; `hand_out` copies files to processes that do not read `folder` directly.

    For passwords it also needs what provision needs, to set them in PostgreSQL.
    """
    announce(folder, names)
    hand_out()
    if PASSWORDS.intersection(names):
        asyncio.run(provision.provision(provision.admin_url(), folder))
    time.sleep(WAIT_SECONDS)
    switch(folder, names)
    hand_out()


def announce(folder: Path, names: Collection[str]) -> None:
    """Creates the next secrets and publishes them to those who must accept them."""
    for name in names:
        make(folder / f"{name}.next", MAKERS[name])
        if name in RINGS:
            write(folder / name, "\n".join(_ring(folder, name, used=0)))
    publish(folder)


def switch(folder: Path, names: Collection[str]) -> None:
    """Puts announced secrets into use; others are left alone."""
    for name in names:
        coming = folder / f"{name}.next"
        if not coming.exists():
            continue
        if name in RINGS:
            write(folder / name, "\n".join(_ring(folder, name, used=1)))
            coming.unlink()
        else:
            if (signer := name.removesuffix(".key")) in SIGNERS:
                _retire(folder, signer)
            coming.replace(folder / name)
    publish(folder)


def _ring(folder: Path, name: str, *, used: int) -> list[str]:
    """Returns the current and the next key, the one in use first, then the keys to keep."""
    present, *before = (folder / name).read_text().split()
    pair = [present, (folder / f"{name}.next").read_text()]
    kept = [key for key in before if key not in pair] if name in KEPT_RINGS else []
    return [pair[used], pair[1 - used], *kept]


def _retire(folder: Path, signer: str) -> None:
    old = entry_of((folder / f"{signer}.key").read_text())
    publish(folder, old | {"exp": int(time.time()) + SIGNERS[signer]})


def main(folder: Path, given: list[str]) -> None:
    names = sorted(NAMES) if given == ["all"] else given
    if unknown := set(names) - NAMES:
        raise SystemExit(f"souk: cannot rotate {', '.join(sorted(unknown))}")
    rotate(folder, names)
    sys.stdout.write(f"souk: replaced {', '.join(names)} in {folder}\n")
