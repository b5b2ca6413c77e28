"""Restores a cluster to a moment, beside the old one, which it replaces once all is right."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from deploy.backup.sealing import Sealing, Unreadable
from deploy.backup.store import BackupError, Base, Store
from deploy.backup.tools import Tools, last_line
from deploy.local import ports
from deploy.local.processes import Account, launch_command

_SPARE_BYTES = 1 << 28
"""What a server writes besides: a checkpoint, and the first segments of its own."""
_PAUSE_SECONDS = 0.1
_NOT_REACHED = "before configured recovery target was reached"


@dataclass(frozen=True)
class Restore:
    """From which store, with which programs, and into which data folder."""

    store: Store
    sealing: Sealing
    tools: Tools
    data: Path
    account: Account | None
    """The account that the server runs as."""
    report: Callable[[str], None] = field(default=lambda line: None)

    def to(self, moment: datetime | None) -> Path | None:
        """Restores to the moment, or as far as the backup goes; returns where the old data is now.

        Raises:
            BackupError: it cannot be done. The old data is where it was.
        """
        if (self.data / "postmaster.pid").exists():
            raise BackupError(
                f"a server uses {self.data}, or was killed there: stop the platform. If nothing"
                f" runs, remove {self.data / 'postmaster.pid'}"
            )
        base = self.store.base_before(moment)
        self._check_space(base)
        work = self.data.parent / "restoring"
        shutil.rmtree(work, ignore_errors=True)
        try:
            work.mkdir(mode=0o711, parents=True)
            self._unpack(base, work)
            gap = self._fetch_log(base, work, moment)
            self._verify(base, work)
            self._recover(work, moment, gap)
            return self._replace(work)
        except OSError as error:
            raise BackupError(
                f"cannot write to {work}: {error.strerror}. The old data is untouched"
            ) from None
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _check_space(self, base: Base) -> None:
        segments = len(list(self.store.wal.glob(f"{base.timeline}*.gz*"))) + 1
        needed = base.bytes + segments * base.segment_bytes + _SPARE_BYTES
        self.data.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.data.parent).free
        if free < needed:
            raise BackupError(
                f"{self.data.parent} has {free >> 20} MiB free, and the restore needs"
                f" {needed >> 20} MiB beside the old data, which is untouched"
            )

    def _unpack(self, base: Base, work: Path) -> None:
        self.report(f"unpacking the base backup that ended at {base.finished}")
        data = work / "data"
        data.mkdir(mode=0o700)
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(
                ["tar", "-x", "--no-same-owner", "-C", str(data)],  # noqa: S607
                stdin=subprocess.PIPE,
                stderr=errors,
            ) as tar,
        ):
            try:
                if tar.stdin is not None:
                    self.sealing.read(self.store.archive(base), tar.stdin)
                    tar.stdin.close()
            except Unreadable as error:
                raise BackupError(f"{error}. The old data is untouched") from None
            except BrokenPipeError:
                pass  # tar tells why
            if tar.wait() != 0:
                errors.seek(0)
                reason = last_line(errors.read().decode())
                raise BackupError(f"cannot unpack into {data}: {reason}. The old data is untouched")

    def _fetch_log(self, base: Base, work: Path, moment: datetime | None) -> str:
        """Fetches the log from the base backup on; returns why it ends early, if it does.

        Raises:
            BackupError: it ends early, and the restore is to its end.
        """
        target, last, after = work / "wal", self.store.last_segment(base), 0
        target.mkdir(mode=0o700)
        for history in self.store.wal.glob("*.history.gz*"):
            with (target / history.name.partition(".gz")[0]).open("wb") as file:
                self.sealing.read(history, file)
        gap = "" if last else f"the segment {base.first_segment} of the log is missing"
        while not gap and (name := base.segment(after)) <= last:
            stored = self.store.segment(name)
            if stored is None:
                gap = f"the segment {name} of the log is missing in {self.store.wal}"
                break
            try:
                with (target / name).open("wb") as file:
                    self.sealing.read(stored, file)
            except Unreadable as error:
                (target / name).unlink()
                gap = str(error)
            after += 1
        if gap and (moment is None or not any(target.glob(f"{base.timeline}*"))):
            hint = "; a restore to an earlier moment may do without it" if moment is None else ""
            raise BackupError(f"{gap}. The old data is untouched{hint}")
        self.report(f"{after} segments of the log follow it")
        return gap

    def _verify(self, base: Base, work: Path) -> None:
        """Compares each file with the checksum that the server gave when it sent it."""
        try:
            self.tools.run(
                "pg_verifybackup", "-q", "-e", "-w", str(work / "wal"), str(work / "data")
            )
        except BackupError as error:
            raise BackupError(
                f"the base backup {base.name} is damaged, or its log incomplete: {error}."
                " The old data is untouched"
            ) from None

    def _recover(self, work: Path, moment: datetime | None, gap: str) -> None:
        """Lets the server replay the log and end it there, in a new timeline."""
        (work / "data" / "recovery.signal").touch()
        (work / "settings").touch()  # not those of the old server, which may not fit here
        (work / "access").write_text("host all all all reject\n")
        if self.account is not None:
            for path in (work / "data", work / "wal", *work.rglob("*")):
                os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)
        self.report("replaying the log")
        with (work / "log").open("w") as log:
            server = subprocess.Popen(
                launch_command(self._server(work, moment), self.account, signal.SIGQUIT),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.tools.environment,
                cwd=work / "data",
            )
            try:
                while server.poll() is None and not _is_ready(work / "data"):
                    time.sleep(_PAUSE_SECONDS)
                server.send_signal(signal.SIGINT)  # a fast shutdown, which writes all to the disk
            except BaseException:
                server.kill()
                raise
            finally:
                code = server.wait()
        lines = (work / "log").read_text(errors="replace").splitlines()
        if code != 0:
            raise BackupError(_why(lines, gap))
        for line in lines:
            if "last completed transaction" in line:
                self.report(line.partition("LOG:")[2].strip())

    def _server(self, work: Path, moment: datetime | None) -> list[str]:
        settings = {
            "config_file": str(work / "settings"),
            "hba_file": str(work / "access"),
            "restore_command": f"cp '{work / 'wal'}/%f' '%p'",
            "recovery_target_timeline": "current",
            "recovery_target_action": "promote",
            "hot_standby": "off",
            "autovacuum": "off",
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": str(ports.free(1)[0]),
        }
        if moment is not None:
            settings["recovery_target_time"] = moment.isoformat()
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return self.tools.command("postgres", "-D", str(work / "data"), *options)

    def _replace(self, work: Path) -> Path | None:
        self.tools.run("initdb", "--sync-only", "-D", str(work / "data"))
        old = None
        if self.data.exists():
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
            # Not beside it: an embedded cluster that is made anew clears that folder.
            old = self.data.parent.parent / f"data-before-restore-{stamp}"
            self.data.rename(old)
        (work / "data").rename(self.data)
        return old


def _why(lines: list[str], gap: str) -> str:
    reasons = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
    reason = reasons[0] if reasons else last_line("\n".join(lines))
    if _NOT_REACHED in reason:
        last = [line.partition("LOG:")[2].strip() for line in lines if "last completed" in line]
        reason = f"the backup does not reach that moment ({', '.join(last) or 'nothing follows'})"
        reason += f": {gap}" if gap else "; `--to latest` restores all of it"
    return f"{reason}. The old data is untouched"


def _is_ready(data: Path) -> bool:
    """Returns whether the server serves, as it writes into its pid file for pg_ctl."""
    try:
        return (data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
    except (OSError, IndexError):
        return False
