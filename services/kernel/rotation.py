"""Replaces secrets while the platform runs, so that no request fails.

What is new is announced first: verifiers get to know the next public key, services the next
password. When every process has had time to read that, it is put into use. What the old key signed
is believed until it ends. A run that was broken off is finished by the next one.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

from services.kernel import provision
from services.kernel.keys import KEPT_RINGS, MAKERS, PASSWORDS, RINGS, SIGNERS, make, publish, write
from services.kernel.secretfiles import LOOK_SECONDS
from services.kernel.signingkeys import entry_of

# Processes look at their files once in LOOK_SECONDS; three times that forgives a busy machine.
WAIT_SECONDS = 3 * LOOK_SECONDS

NAMES = MAKERS.keys() - {"admin.password"}  # that one is the first admin's own affair


def rotate(
    folder: Path, names: Collection[str], *, hand_out: Callable[[], object] = lambda: None
) -> None:
    """Replaces secrets; `hand_out` brings files to processes that do not read `folder` itself.

    Passwords need what provision needs, to be told to PostgreSQL in between.
    """
    announce(folder, names)
    hand_out()
    if PASSWORDS.intersection(names):
        asyncio.run(provision.provision(provision.admin_url(), folder))
    time.sleep(WAIT_SECONDS)
    switch(folder, names)
    hand_out()


def announce(folder: Path, names: Collection[str]) -> None:
    """Makes what comes next, and lets those know it who must believe it."""
    for name in names:
        make(folder / f"{name}.next", MAKERS[name])
        if name in RINGS:
            write(folder / name, "\n".join(_ring(folder, name, used=0)))
    publish(folder)


def switch(folder: Path, names: Collection[str]) -> None:
    """Puts into use what was announced; it does nothing about what was not."""
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
    """Gives the key of now and the next one, in the order of their use; then those to be kept."""
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
