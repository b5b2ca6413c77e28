"""What a witness has seen: an append-only file, synced to disk before anything is answered."""

import fcntl
import os
import re
from base64 import b64decode, b64encode
from pathlib import Path

from services.kernel.evidence import merkle, signed_notes

_LINE = re.compile(r"(\S+) (\d{1,18}) ([A-Za-z0-9+/]{43}=)")


class Ledger:
    """The newest checkpoint of each log; the file is locked by one process."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file.

        Raises:
            SystemExit: it cannot be opened, or another witness holds it.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SystemExit(f"souk: cannot open the file {path}: {error.strerror}") from None
        self._newest: dict[str, signed_notes.Checkpoint] = {}
        text = path.read_text(encoding="ascii", errors="replace")
        for line in text.splitlines():
            self._load_line(line)
        self._ends_mid_line = not text.endswith("\n")

    def newest(self, origin: str) -> signed_notes.Checkpoint:
        """Returns the last checkpoint of a log; that of an empty log if there is none."""
        return self._newest.get(origin, signed_notes.Checkpoint(origin, 0, merkle.EMPTY))

    def store(self, checkpoint: signed_notes.Checkpoint) -> None:
        """Returns once the checkpoint is on disk.

        Raises:
            OSError: it may not be on disk, and must not be cosigned.
        """
        root = b64encode(checkpoint.root).decode()
        self._write(f"{checkpoint.origin} {checkpoint.size} {root}\n")
        self._newest[checkpoint.origin] = checkpoint

    def close(self) -> None:
        os.close(self._file)

    def _load_line(self, line: str) -> None:
        match = _LINE.fullmatch(line)
        if match and int(match[2]) >= self.newest(match[1]).size:
            self._newest[match[1]] = signed_notes.Checkpoint(
                match[1], int(match[2]), b64decode(match[3])
            )

    def _write(self, text: str) -> None:
        # The previous write may be incomplete: a line break ends it, so that it is ignored.
        data = ("\n" + text if self._ends_mid_line else text).encode("ascii")
        self._ends_mid_line = True
        while data:
            data = data[os.write(self._file, data) :]
        os.fsync(self._file)
        self._ends_mid_line = False
