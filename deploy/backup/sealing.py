"""Files of a backup: compressed with gzip and, if there is a recipient, encrypted with age.

Both are formats of others, so that `age -d -i KEY FILE | gunzip` opens one without this code.
"""

import errno
import io
import os
import shutil
import zlib
from pathlib import Path
from typing import Protocol

import pyrage

_CHUNK = 1 << 18
_GZIP = 31  # zlib's number for gzip's format
_FAST = 1


class Unreadable(Exception):
    """A stored file cannot be read; the text names it and says why."""


class Reader(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Writer(Protocol):
    def write(self, data: bytes, /) -> object: ...


class Sealing:
    """Writes files for a recipient, and reads them with the identity."""

    def __init__(self, recipient: str = "", identity: Path | None = None) -> None:
        self._recipient = pyrage.x25519.Recipient.from_str(recipient) if recipient else None
        self._identity = identity

    @property
    def suffix(self) -> str:
        return ".gz.age" if self._recipient else ".gz"

    def store(self, source: Reader, file: Path) -> None:
        """Stores what `source` gives; the file is there, on disk, as a whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        draft = file.with_name(f".{file.name}.draft")
        try:
            with draft.open("wb") as output:
                sink = _Sink(output)
                try:
                    self._write(_Compressed(source), sink)
                except pyrage.EncryptError as error:
                    raise sink.error or OSError(errno.EIO, str(error)) from None
                output.flush()
                os.fsync(output.fileno())
            draft.rename(file)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(file.parent)

    def _write(self, source: "_Compressed", sink: "_Sink") -> None:
        if self._recipient:
            pyrage.encrypt_io(source, sink, [self._recipient])
        else:
            shutil.copyfileobj(source, sink)

    def read(self, file: Path, target: Writer) -> None:
        """Gives `target` what is stored in the file.

        Raises:
            Unreadable: it is damaged, or the identity is missing or another one.
            OSError: the target cannot be written.
        """
        sink = _Sink(target)
        contents = _Decompressing(sink)
        try:
            with file.open("rb") as stored:
                if file.suffix == ".age":
                    pyrage.decrypt_io(stored, contents, self._identities(file))
                else:
                    shutil.copyfileobj(stored, contents)
        except (pyrage.DecryptError, zlib.error, OSError) as error:
            if sink.error is not None:
                raise sink.error from None
            raise Unreadable(f"{file} cannot be read ({error})") from None
        if not contents.is_complete:
            raise Unreadable(f"{file} is damaged: it ends too early")

    def _identities(self, file: Path) -> list[pyrage.x25519.Identity]:
        if self._identity is None:
            raise Unreadable(
                f"{file} is encrypted: set SOUK_BACKUP_IDENTITY to the file of the private key"
            )
        try:
            lines = self._identity.read_text().split("\n")
            return [
                pyrage.x25519.Identity.from_str(line.strip())
                for line in lines
                if line.startswith("AGE-SECRET-KEY-")
            ]
        except (OSError, pyrage.IdentityError) as error:
            raise Unreadable(f"cannot read the private key {self._identity}: {error}") from None


class _Compressed(io.RawIOBase):
    """Reads a source as gzip."""

    def __init__(self, source: Reader) -> None:
        self._source = source
        self._compressor = zlib.compressobj(_FAST, wbits=_GZIP)
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        while not self._ended and (size < 0 or len(self._ready) < size):
            if chunk := self._source.read(_CHUNK):
                self._ready += self._compressor.compress(chunk)
            else:
                self._ready += self._compressor.flush()
                self._ended = True
        end = len(self._ready) if size < 0 else size
        given, self._ready = self._ready[:end], self._ready[end:]
        return given


class _Decompressing:
    """Passes on what gzip holds."""

    def __init__(self, target: Writer) -> None:
        self._target = target
        self._decompressor = zlib.decompressobj(_GZIP)

    @property
    def is_complete(self) -> bool:
        """Whether the end was reached, with the checksum that stands there."""
        return self._decompressor.eof

    def write(self, data: bytes) -> int:
        self._target.write(self._decompressor.decompress(data))
        return len(data)

    def flush(self) -> None:
        """Has nothing to do; age calls it."""


class _Sink:
    """Remembers why a write failed: age reports that as an error of its own."""

    def __init__(self, target: Writer) -> None:
        self._target = target
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            self._target.write(data)
        except OSError as error:
            self.error = error
            raise
        return len(data)

    def flush(self) -> None:
        """Has nothing to do; age calls it."""


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
