"""The folder of the backups: base backups, segments of the write-ahead log, and which cluster's.

system              the identifier of the cluster
base/NAME/          base.tar.gz and about.json
wal/                segments by the names that PostgreSQL gives them, and histories of timelines
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

_SEGMENT = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})")
_NAME = "%Y%m%dT%H%M%SZ"


class BackupError(Exception):
    """It cannot be done; the text tells the operator why and what to do."""


@dataclass(frozen=True)
class Base:
    """A base backup; with the log from its first segment on, it restores any later moment."""

    began: datetime
    finished: datetime
    first_segment: str
    segment_bytes: int
    bytes: int
    """Its size when it is unpacked."""

    @property
    def name(self) -> str:
        return self.began.strftime(_NAME)

    @property
    def timeline(self) -> str:
        return self.first_segment[:8]

    def segment(self, after: int) -> str:
        """Returns the name of the segment so many after the first one."""
        per_log = 0x1_0000_0000 // self.segment_bytes
        number = int(self.first_segment[8:16], 16) * per_log + int(self.first_segment[16:], 16)
        log, place = divmod(number + after, per_log)
        return f"{self.timeline}{log:08X}{place:08X}"


class Store:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wal = folder / "wal"
        self._bases = folder / "base"

    @contextmanager
    def locked(self, name: str = "lock") -> Iterator[None]:
        """Holds the store for one process that writes its log, or restores.

        Another `name` is another lock: base backups are taken while the log is written.

        Raises:
            BackupError: another one does.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.wal, self._bases):
            folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupError(
                    f"a process that backs up or restores is using {self.folder}; stop it first"
                ) from None
            yield
        finally:
            os.close(descriptor)

    def claim(self, system: str) -> None:
        """Makes the folder that of one cluster: another's segments would have the same names.

        Raises:
            BackupError: it holds another cluster's backups.
        """
        file = self.folder / "system"
        if not file.exists():
            file.write_text(system)
        if file.read_text() != system:
            raise BackupError(
                f"{self.folder} holds the backups of another cluster; choose an empty folder"
                " with SOUK_BACKUP"
            )

    def bases(self) -> list[Base]:
        """Lists the complete base backups, oldest first."""
        found = [_about(file) for file in self._bases.glob("[0-9]*/about.json")]
        return sorted(found, key=lambda base: base.began)

    def base_before(self, moment: datetime | None) -> Base:
        """Finds the newest base backup that ended before the moment; without one, the newest.

        Raises:
            BackupError: there is none, or the newest is of before a restore.
        """
        bases = self.bases()
        fitting = [base for base in bases if moment is None or base.finished <= moment]
        if not fitting:
            oldest = f"the oldest ended at {bases[0].finished}" if bases else "there is none at all"
            raise BackupError(f"no base backup in {self.folder} ended before that moment: {oldest}")
        newest = max((file.name[:8] for file in self.wal.glob("*.gz*")), default="")
        if moment is None and fitting[-1].timeline < newest:
            raise BackupError(
                "no base backup was completed after the last restore; name the moment, at the"
                f" latest that of the restore, instead of `latest` (its log is {newest})"
            )
        return fitting[-1]

    def archive(self, base: Base) -> Path:
        """Returns the file of a base backup, encrypted or not."""
        for file in (self._bases / base.name).glob("base.tar.gz*"):
            return file
        raise BackupError(f"{self._bases / base.name} is damaged: its archive is missing")

    def draft(self, began: datetime) -> Path:
        """Makes the folder of a new base backup, hidden until `publish`."""
        for unfinished in self._bases.glob(".*.draft"):
            shutil.rmtree(unfinished)
        folder = self._bases / f".{began.strftime(_NAME)}.draft"
        folder.mkdir(mode=0o700)
        return folder

    def publish(self, draft: Path, base: Base) -> None:
        (draft / "about.json").write_text(json.dumps(asdict(base), default=str))
        draft.rename(self._bases / base.name)

    def segment(self, name: str) -> Path | None:
        """Finds a segment: whole, or what had been received of the last one."""
        for suffix in (".gz", ".gz.age", ".partial.gz", ".partial.gz.age"):
            if (file := self.wal / f"{name}{suffix}").exists():
                return file
        return None

    def last_segment(self, base: Base) -> str:
        """Returns the name of the last segment of a base backup's timeline."""
        names = (file.name[:24] for file in self.wal.glob(f"{base.timeline}*.gz*"))
        return max((name for name in names if _SEGMENT.fullmatch(name)), default="")

    def expire(self, now: datetime, keep: timedelta) -> int:
        """Removes what no restore to a moment within `keep` needs; returns how many base backups.

        That is all before the newest base backup which is older than that.
        """
        old = [base for base in self.bases() if base.finished <= now - keep]
        for base in old[:-1]:
            shutil.rmtree(self._bases / base.name)
        if old:
            for file in self.wal.glob("*.gz*"):
                if _SEGMENT.match(file.name) and file.name[:24] < old[-1].first_segment:
                    file.unlink()
        return len(old[:-1])


def _about(file: Path) -> Base:
    try:
        about = json.loads(file.read_text())
        began, finished = (datetime.fromisoformat(about.pop(key)) for key in ("began", "finished"))
        return Base(began, finished, **about)
    except (ValueError, TypeError, KeyError) as error:
        raise BackupError(f"{file} is damaged: {error}") from None
