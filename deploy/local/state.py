"""The state folder of the local platform: data, secrets, logs and its lock."""

import fcntl
import os
import time
from pathlib import Path

MARK = ".souk-state"


class AlreadyRunning(Exception):
    """Another process uses this state folder; the text is one line for the operator."""


class CannotStart(Exception):
    """The platform cannot start here; the text tells the operator what to change."""


def default_folder() -> Path:
    """Returns SOUK_STATE, or /var/lib/souk for root, or the XDG state home for other users."""
    if named := os.environ.get("SOUK_STATE"):
        return Path(named).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/souk")
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "souk"


class State:
    """The folder and its lock, which one supervisor at a time holds.

    The lock ends with the process that holds it, however it ends, so it can never be stale.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets = folder / "secrets"
        self.logs = folder / "logs"
        self._lock = -1

    def acquire(self) -> None:
        """Creates the folder and takes its lock.

        Raises:
            AlreadyRunning: another supervisor holds it.
            CannotStart: the folder cannot be created, or holds other files.
        """
        try:
            self._make()
        except OSError as error:
            raise CannotStart(
                f"cannot use the state folder {self.folder} ({error.strerror});"
                " choose another folder with SOUK_STATE"
            ) from None
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not _try_lock(self._lock):
            os.close(self._lock)
            raise AlreadyRunning(
                f"already running (process {self.holder()}) with the state folder {self.folder}"
            )
        os.ftruncate(self._lock, 0)
        os.write(self._lock, f"{os.getpid()}\n".encode())

    def _make(self) -> None:
        new = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        mark = self.folder / MARK
        if not mark.exists() and any(self.folder.iterdir()):
            raise CannotStart(
                f"{self.folder} holds other files; choose another folder with SOUK_STATE"
            )
        mark.touch()
        if new:
            # Under root, PostgreSQL runs as nobody, who must be able to pass through the folder.
            self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        self.logs.mkdir(mode=0o700, exist_ok=True)

    def release(self) -> None:
        os.close(self._lock)

    def holder(self) -> int | None:
        """Returns the pid of the process that holds the lock, if any."""
        try:
            descriptor = os.open(self.folder / "lock", os.O_RDWR)
        except OSError:
            return None
        try:
            if _try_lock(descriptor):
                return None
            return int(os.read(descriptor, 20) or 0)
        finally:
            os.close(descriptor)

    def wait_for_release(self, seconds: float) -> bool:
        """Waits until nobody holds the lock; returns whether it was released in time."""
        end = time.monotonic() + seconds
        while self.holder() is not None:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
