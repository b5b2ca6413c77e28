"""A C2SP tlog-witness: cosigns only checkpoints that extend the last one it cosigned."""

import re
import time
from base64 import b64decode
from dataclasses import dataclass

from services.kernel.evidence import merkle, signed_notes
from services.kernel.process.logs import logger
from services.kernel.process.secret_files import Secret
from services.witness.ledger import Ledger

MOST_BYTES = 64 * 1024
_OLD = re.compile(r"old (0|[1-9][0-9]{0,17})")
_HASH = re.compile(r"[A-Za-z0-9+/]{43}=")
_MOST_HASHES = 63
_SIZE_MEDIA_TYPE = "text/x.tlog.size"

_log = logger()


@dataclass(frozen=True)
class Response:
    """An HTTP response: a cosignature, or why there is none."""

    status: int
    text: str
    media_type: str = "text/plain; charset=utf-8"


class Witness:
    """Never cosigns two checkpoints of a log that contradict each other."""

    def __init__(
        self,
        key: Secret[signed_notes.WitnessKey],
        logs: Secret[list[signed_notes.Key]],
        ledger: Ledger,
    ) -> None:
        self._key = key
        self._logs = logs
        self._ledger = ledger

    def add_checkpoint(self, body: bytes) -> Response:
        """Answers one `POST /add-checkpoint`."""
        parsed = _parse(body)
        if parsed is None:
            return Response(400, "malformed add-checkpoint request\n")
        old_size, proof, note = parsed
        if not note.startswith(f"{signed_notes.PLATFORM_ORIGIN}\n"):
            return Response(404, "unknown log\n")
        try:
            checkpoint = signed_notes.verified(note, self._logs())
        except signed_notes.InvalidNote:
            return Response(403, "not signed by a known key\n")
        return self._cosign_extension(old_size, proof, checkpoint)

    def _cosign_extension(
        self, old_size: int, proof: list[bytes], checkpoint: signed_notes.Checkpoint
    ) -> Response:
        last = self._ledger.newest(checkpoint.origin)
        if old_size > checkpoint.size:
            return Response(400, "the old size is larger than the checkpoint's size\n")
        if old_size != last.size or (old_size == checkpoint.size and last.root != checkpoint.root):
            return Response(409, f"{last.size}\n", _SIZE_MEDIA_TYPE)
        if not merkle.is_consistent(last.size, last.root, checkpoint.size, checkpoint.root, proof):
            return Response(422, "the checkpoint does not extend the last one cosigned\n")
        try:
            if checkpoint.size > last.size:
                self._ledger.store(checkpoint)
        except OSError as error:
            _log.error("witness_cannot_write", reason=str(error.strerror))
            return Response(503, "the checkpoint cannot be stored now\n")
        return Response(200, self._key().cosign(checkpoint.body(), int(time.time())))


def _parse(body: bytes) -> tuple[int, list[bytes], str] | None:
    try:
        header, separator, note = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        return None
    size_line, *hashes = header.split("\n")
    old_size = _OLD.fullmatch(size_line)
    if not separator or old_size is None or len(hashes) > _MOST_HASHES:
        return None
    if not all(_HASH.fullmatch(hash_text) for hash_text in hashes):
        return None
    return int(old_size[1]), [b64decode(hash_text) for hash_text in hashes], note
