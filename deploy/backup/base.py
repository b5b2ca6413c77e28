"""Takes a base backup: what `pg_basebackup` sends goes into the store as it comes."""

import io
import shutil
import subprocess
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from deploy.backup.sealing import Reader, Sealing
from deploy.backup.store import BackupError, Base, Store
from deploy.backup.tools import Tools, last_line

_HEAD_BYTES = 1 << 16


def take(tools: Tools, store: Store, sealing: Sealing) -> Base:
    """Takes one; it is in the store as a whole or not at all.

    Raises:
        BackupError: PostgreSQL or the disk refuses.
    """
    began = datetime.now(UTC)
    system, segment_bytes = tools.query(
        "SELECT system_identifier, bytes_per_wal_segment"
        " FROM pg_control_system(), pg_control_init()"
    )
    with store.locked("base-lock"):
        store.claim(system)
        draft = store.draft(began)
        try:
            first_segment, size = _copy(tools, sealing, draft / f"base.tar{sealing.suffix}")
            base = Base(began, datetime.now(UTC), first_segment, int(segment_bytes), size)
            store.publish(draft, base)
        except OSError as error:
            raise BackupError(
                f"cannot write to {store.folder}: {error.strerror}. Nothing of this base backup"
                " was kept; the earlier ones are whole"
            ) from None
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return base


def _copy(tools: Tools, sealing: Sealing, file: Path) -> tuple[str, int]:
    """Stores what the server sends; returns its first segment, and its size."""
    command = tools.command(
        "pg_basebackup",
        *("-D", "-", "--format=tar", "--wal-method=none", "--checkpoint=fast", "--no-password"),
    )
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=tools.environment,
        ) as process,
    ):
        contents = _Contents(process.stdout)
        try:
            sealing.store(contents, file)
        except OSError:
            process.kill()
            raise
        if process.wait() != 0:
            errors.seek(0)
            raise BackupError(f"pg_basebackup failed: {last_line(errors.read().decode())}")
    return contents.first_segment(), contents.size


class _Contents:
    """Reads the archive, counts its bytes and keeps its head, in which PostgreSQL names the log."""

    def __init__(self, stream: Reader | None) -> None:
        self._stream = stream
        self._head = b""
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size) if self._stream else b""
        self._head += data[: _HEAD_BYTES - len(self._head)]
        self.size += len(data)
        return data

    def first_segment(self) -> str:
        with tarfile.open(fileobj=io.BytesIO(self._head), mode="r|") as archive:
            for member in archive:
                if member.name == "backup_label" and (label := archive.extractfile(member)):
                    line = label.readline().decode()
                    return line.partition("(file ")[2].rstrip(")\n")
        raise BackupError("pg_basebackup sent an archive without backup_label")
