"""The embedded PostgreSQL: its own cluster, over TCP on the loopback address only.

It is our direct child, not pg_ctl's, so that we notice when it ends and it ends with us. Under
root it runs as nobody, because PostgreSQL refuses to run as root.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

import asyncpg

from deploy.local import binaries
from deploy.local.processes import Account, Program, launch_command, unprivileged
from deploy.local.state import CannotStart

SUPERUSER = "postgres"
_ORPHAN_SECONDS = 15
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a state folder's path may exceed a socket's 107 bytes
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "logging_collector": "off",
    # A backup that was turned off for good must not fill the disk with what it has not fetched.
    "max_slot_wal_keep_size": "4GB",
}


class Postgres:
    """The cluster in a state folder."""

    def __init__(self, state: Path, secrets_folder: Path, port: int) -> None:
        self.port = port
        self._home = state / "postgres"
        self._data = self._home / "data"
        self._state = state
        self._password_file = secrets_folder / "postgres.password"
        self._account = unprivileged()

    @property
    def admin_url(self) -> str:
        password = self._password_file.read_text().strip()
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/postgres"

    def prepare(self) -> Program:
        """Creates the cluster if needed, cleans up after a crash, and returns how to run it.

        Raises:
            CannotStart: the programs are missing or fail, or an old cluster's password is lost.
        """
        programs = binaries.postgres(self._state, self._account)
        if not self._data.exists():
            self._initialise(programs)
        elif not self._password_file.exists():
            raise CannotStart(
                f"{self._data} has data, but its password file {self._password_file} is missing;"
                " restore the file, or choose another folder with SOUK_STATE"
            )
        end_orphan(self._data)
        options = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            arguments=(
                str(programs / "postgres"),
                *("-D", str(self._data)),
                *("-p", str(self.port)),
                *options,
            ),
            environment=_environment(),
            folder=self._data,
            account=self._account,
            # SIGINT is a fast shutdown. SIGTERM would wait for all clients to disconnect.
            stop_signal=signal.SIGINT,
            # SIGQUIT ends it at once, like a crash: the next start replays the log.
            orphan_signal=signal.SIGQUIT,
        )

    def _initialise(self, programs: Path) -> None:
        """Runs initdb in a draft folder, so that an incomplete cluster is never used."""
        draft, password_file = self._home / "draft", self._home / "superuser.password"
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir(mode=0o711)
        draft.mkdir(mode=0o700)
        password_file.touch(mode=0o600)
        password = secrets.token_urlsafe(32)
        password_file.write_text(password)
        _chown((draft, password_file), self._account)
        self._run_initdb(programs, draft, password_file)
        password_file.rename(self._password_file)
        _chown((self._password_file,), Account(os.geteuid(), os.getegid()))
        draft.rename(self._data)

    def _run_initdb(self, programs: Path, draft: Path, password_file: Path) -> None:
        command = [
            *(str(programs / "initdb"), "-D", str(draft)),
            *("-U", SUPERUSER, "--pwfile", str(password_file), "-A", "scram-sha-256"),
            *("-E", "UTF8", "--no-instructions", *_locale(programs)),
        ]
        done = subprocess.run(
            launch_command(command, self._account),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=draft,
            env=_environment(),
        )
        if done.returncode != 0:
            raise CannotStart(f"initdb failed in {draft}:\n{done.stdout.strip()}")

    async def is_ready(self) -> bool:
        """Returns whether it accepts connections.

        Raises:
            CannotStart: it refuses our password.
        """
        try:
            connection = await asyncpg.connect(self.admin_url, timeout=5)
        except asyncpg.InvalidPasswordError:
            raise CannotStart(
                f"PostgreSQL in {self._data} refused the password in {self._password_file}"
            ) from None
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _locale(programs: Path) -> list[str]:
    """Picks a collation that is the same on all machines: by code point, with Unicode case."""
    output = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    major = re.search(r"\d+", output.stdout)
    if major and int(major.group()) >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"]


def _chown(paths: tuple[Path, ...], account: Account | None) -> None:
    if account is not None and os.geteuid() == 0:
        for path in paths:
            os.chown(path, account.uid, account.gid)


def end_orphan(data: Path) -> None:
    """Stops a server that outlived its supervisor, and removes the pid file.

    PostgreSQL refuses to start while the pid in that file belongs to any process, even a zombie or
    another program with the same pid.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        pid_file.unlink(missing_ok=True)
        return
    end = time.monotonic() + _ORPHAN_SECONDS
    signals = [signal.SIGINT, signal.SIGQUIT]
    while _serves(pid, data):
        late = time.monotonic() > end - _ORPHAN_SECONDS / 2
        if signals and (len(signals) == 2 or late):
            os.kill(pid, signals.pop(0))
        if time.monotonic() > end:
            raise CannotStart(
                f"an earlier PostgreSQL (process {pid}) still uses {data} and does not stop"
            )
        time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    """Returns whether a live process with this pid is the server of this data folder."""
    process = Path("/proc") / str(pid)
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" and (process / "cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return False
