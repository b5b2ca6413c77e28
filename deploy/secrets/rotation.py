"""Replaces secrets while the platform runs, without failing requests.

New secrets are announced first: verifiers learn the next public key, services the next password.
Once every process has had time to read them, they are put into use. What the old key signed stays
valid until it expires. The next run finishes one that was interrupted.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from pathlib import Path

from deploy import provision
from deploy.secrets.creation import MAKERS
from deploy.secrets.files import make, write
from deploy.secrets.kinds import PASSWORDS, PERMANENT_RINGS, RINGS, SIGNERS
from deploy.secrets.public_keys import publish
from services.kernel.process.secret_files import CHECK_SECONDS
from services.kernel.process.signing_keys import entry_of

# Processes check their files every CHECK_SECONDS; three times that allows for a busy machine.
WAIT_SECONDS = 3 * CHECK_SECONDS

REPLACEABLE = MAKERS.keys() - {"admin.password"}  # only the first admin changes that one


def checked_names(names: Collection[str]) -> list[str]:
    """Returns the names of secrets to replace; `all` stands for every one.

    Raises:
        SystemExit: there is none, or no secret of that name can be replaced.
    """
    chosen_names = sorted(REPLACEABLE) if list(names) == ["all"] else list(names)
    if unknown := set(chosen_names) - REPLACEABLE:
        raise SystemExit(f"souk: cannot replace {', '.join(sorted(unknown))}")
    if not chosen_names:
        raise SystemExit("souk: name the secrets to replace, or `all`")
    return chosen_names


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
            write(folder / name, "\n".join(_ring_keys(folder, name, in_use=0)))
    publish(folder)


def switch(folder: Path, names: Collection[str]) -> None:
    """Puts announced secrets into use; others are left alone."""
    for name in names:
        upcoming = folder / f"{name}.next"
        if not upcoming.exists():
            continue
        if name in RINGS:
            write(folder / name, "\n".join(_ring_keys(folder, name, in_use=1)))
            upcoming.unlink()
        else:
            if (signer := name.removesuffix(".key")) in SIGNERS:
                _retire(folder, signer)
            upcoming.replace(folder / name)
    publish(folder)


def _ring_keys(folder: Path, name: str, *, in_use: int) -> list[str]:
    """Returns the current and the next key, the one in use first, then the keys to keep."""
    current, *earlier = (folder / name).read_text().split()
    pair = [current, (folder / f"{name}.next").read_text()]
    permanent = [key for key in earlier if key not in pair] if name in PERMANENT_RINGS else []
    return [pair[in_use], pair[1 - in_use], *permanent]


def _retire(folder: Path, signer: str) -> None:
    retiring = entry_of((folder / f"{signer}.key").read_text())
    publish(folder, retiring | {"exp": int(time.time()) + SIGNERS[signer]})
