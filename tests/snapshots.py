"""The first platform or cluster of a test run is copied as it runs; later ones start from the copy.

Most of a start is spent on initdb, migrations and the seed. A snapshot holds what the product's own
code has done in this very run, and it is gone when the run ends.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import binaries
from deploy.local.postgres import SUPERUSER
from deploy.local.processes import unprivileged

RUN = "SOUK_TEST_RUN"
"""Names the folder that the processes of a test run share. Without it nothing is copied."""

# The processes of a test may be killed, but its machine does not lose power.
_NO_SYNC = "fsync = off\n"


def begin() -> Path | None:
    """Makes the run's folder; None for a worker, or in a test of tests, where there is one."""
    if RUN in os.environ:
        return None
    folder = Path(tempfile.mkdtemp(prefix="souk-test-run-"))
    os.environ[RUN] = str(folder)
    return folder


def end(folder: Path) -> None:
    os.environ.pop(RUN, None)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def shared() -> Iterator[None]:
    """Lets the test runs of a block start from the snapshots of the first."""
    folder = begin()
    try:
        yield
    finally:
        if folder is not None:
            end(folder)


def exists(name: str) -> bool:
    return RUN in os.environ and _folder(name).exists()


def restore(name: str, state: Path) -> bool:
    """Fills a state folder from the snapshot; returns False if there is no such snapshot."""
    if not exists(name):
        return False
    _copy(_folder(name), state)
    return True


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Lets other workers wait while the block makes the snapshot."""
    if RUN not in os.environ:
        yield
        return
    with _folder(f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def keep(name: str, state: Path, *, port: int) -> None:
    """Makes a snapshot of a state folder, whose PostgreSQL runs at this port."""
    if RUN not in os.environ:
        return
    draft, account = _folder(f"{name}.draft"), unprivileged()
    # Before the database: the witness may have seen less than is in it, and never more.
    _copy(state, draft, leave_out=("postgres", "logs", "lock"))
    home, data = draft / "postgres", draft / "postgres" / "data"
    home.mkdir(mode=0o711)
    for mark in (state / "postgres").glob("*.done"):
        shutil.copy(mark, home)
    subprocess.run(
        [
            str(binaries.postgres(state, account) / "pg_basebackup"),
            *("-h", "127.0.0.1", "-p", str(port), "-U", SUPERUSER, "-D", str(data)),
            *("--checkpoint=fast", "--no-sync", "--no-manifest"),
        ],
        env={**os.environ, "PGPASSWORD": (state / "secrets" / "postgres.password").read_text()},
        check=True,
        cwd="/",
    )
    (data / "postgresql.auto.conf").write_text(_NO_SYNC)
    if account:
        for path in (data, *data.rglob("*")):
            os.chown(path, account.uid, account.gid)
    draft.rename(_folder(name))


def _folder(name: str) -> Path:
    return Path(os.environ[RUN]) / name


def _copy(source: Path, target: Path, *, leave_out: tuple[str, ...] = ()) -> None:
    """Copies a folder with its owners and rights, which shutil would not."""
    target.mkdir(parents=True, exist_ok=True)
    parts = [str(part) for part in source.iterdir() if part.name not in leave_out]
    subprocess.run(["cp", "-a", *parts, str(target)], check=True)  # noqa: S607
    shutil.copystat(source, target)
