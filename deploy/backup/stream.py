"""Backs up continuously: receives the write-ahead log as it is written, and takes base backups."""

import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.backup.sealing import Sealing
from deploy.backup.settings import BackupSettings
from deploy.backup.store import BackupError, Store
from deploy.backup.tools import Tools, last_line
from services.kernel.process.logs import logger

SLOT = "souk_backup"
_SERVER = """
SELECT system_identifier, lpad(to_hex(timeline_id), 8, '0'), coalesce(wal_status, 'none')
FROM pg_control_system() CROSS JOIN pg_control_checkpoint()
LEFT JOIN pg_replication_slots ON slot_name = 'souk_backup'
"""
_PAUSE_SECONDS = 0.5
_SWITCH_SECONDS = 60.0
"""How often a segment ends at the latest, if anything was written: the age of what is stored."""
_AGAIN_SECONDS = 60.0

_log = logger()


class Stream:
    """The receiver of the log, and what becomes of the segments that it has completed."""

    def __init__(self, settings: BackupSettings, tools: Tools) -> None:
        self._settings = settings
        self._tools = tools
        self._store = Store(settings.backup)
        self._spool = settings.backup_spool
        self._sealing = Sealing(settings.backup_recipient)
        self._receiver: subprocess.Popen[str] | None = None
        self._base: subprocess.Popen[bytes] | None = None
        self._next_base = self._next_switch = self._next_start = 0.0
        self._gap = False
        self._timeline = ""

    def run(self, stop: threading.Event) -> None:
        """Runs until it is told to stop.

        Raises:
            BackupError: the store is another's.
        """
        with self._store.locked():
            try:
                while not stop.wait(_PAUSE_SECONDS):
                    self._step(time.monotonic())
            finally:
                self._end()

    def _step(self, now: float) -> None:
        try:
            if (self._receiver is None or self._receiver.poll() is not None) and (
                now > self._next_start
            ):
                self._next_start = now + 2
                self._receive()
            if now > self._next_switch:
                self._next_switch = now + _SWITCH_SECONDS
                self._tools.query("SELECT pg_switch_wal()")
            ship(self._spool, self._store, self._sealing)
            if now > self._next_base:
                self._take_base(now)
        except BackupError as error:
            _log.error("backup_failed", reason=str(error))
        except OSError as error:
            _log.error("wal_not_stored", reason=f"{error.strerror}: {error.filename}")
            self._next_start = now + 2

    def _receive(self) -> None:
        """Starts to receive, in a slot: the server keeps what has not arrived here."""
        if self._receiver is not None and self._receiver.stderr is not None:
            _log.warning("wal_receiver_ended", reason=last_line(self._receiver.stderr.read()))
        system, self._timeline, slot = self._tools.query(_SERVER)
        self._store.claim(system)
        if slot == "lost":  # it kept max_slot_wal_keep_size for us, and we were away for longer
            _log.error("wal_lost", reason="a new base backup begins a new log")
            self._tools.query(f"SELECT pg_drop_replication_slot('{SLOT}')")
        if slot in ("lost", "none"):
            # What is here is of before: the receiver would go on from there.
            empty(self._spool, self._store, self._sealing)
            self._gap = True
        self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        where = ("-D", str(self._spool), "--slot", SLOT, "--no-password")
        self._tools.run("pg_receivewal", *where, "--create-slot", "--if-not-exists")
        self._receiver = subprocess.Popen(
            self._tools.command("pg_receivewal", *where, "--no-loop"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self._tools.environment,
        )

    def _take_base(self, now: float) -> None:
        """Takes base backups beside the log, which goes on being stored meanwhile."""
        if self._base is not None:
            if self._base.poll() is None:
                return
            self._gap = self._gap and self._base.returncode != 0
            self._base = None
            self._next_base = now + _AGAIN_SECONDS
            return
        newest = max(self._store.bases(), key=lambda base: base.began, default=None)
        age = timedelta(hours=self._settings.backup_hours)
        if (
            newest is None
            or self._gap
            or newest.timeline != self._timeline.upper()
            or newest.began < datetime.now(UTC) - age
        ):
            self._base = subprocess.Popen([sys.executable, "-m", "deploy.backup", "base"])

    def _end(self) -> None:
        for child in (self._base, self._receiver):
            if child is not None and child.poll() is None:
                child.send_signal(signal.SIGINT)
                child.wait()
        ship(self._spool, self._store, self._sealing)


def ship(spool: Path, store: Store, sealing: Sealing) -> None:
    """Stores the segments that are complete.

    Raises:
        OSError: the store cannot be written; the segments stay in the spool.
    """
    if not spool.exists():
        return
    for file in sorted(spool.iterdir()):
        if file.suffix in ("", ".history"):
            _store(file, store, sealing)


def empty(spool: Path, store: Store, sealing: Sealing) -> None:
    """Stores what there is, what has come of the last segment, too, and removes the spool."""
    ship(spool, store, sealing)
    for file in sorted(spool.glob("*.partial")):
        _store(file, store, sealing)
    shutil.rmtree(spool, ignore_errors=True)


def _store(file: Path, store: Store, sealing: Sealing) -> None:
    with file.open("rb") as source:
        sealing.store(source, store.wal / f"{file.name}{sealing.suffix}")
    file.unlink()
