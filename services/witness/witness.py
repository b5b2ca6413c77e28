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
_SIZE = "text/x.tlog.size"

_log = logger()


@dataclass(frozen=True)
class Answer:
    """An HTTP response: a cosignature, or why there is none."""

    status: int
    text: str
    kind: str = "text/plain; charset=utf-8"


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

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answers one `POST /add-checkpoint`."""
        asked = _parsed(body)
        if asked is None:
            return Answer(400, "malformed add-checkpoint request\n")
        old, proof, note = asked
        if not note.startswith(f"{signed_notes.PLATFORM_ORIGIN}\n"):
            return Answer(404, "unknown log\n")
        try:
            checkpoint = signed_notes.verified(note, self._logs())
        except signed_notes.Untrue:
            return Answer(403, "not signed by a known key\n")
        return self._judge(old, proof, checkpoint)

    def _judge(self, old: int, proof: list[bytes], checkpoint: signed_notes.Checkpoint) -> Answer:
        seen = self._ledger.newest(checkpoint.origin)
        if old > checkpoint.size:
            return Answer(400, "the old size is larger than the checkpoint's size\n")
        if old != seen.size or (old == checkpoint.size and seen.root != checkpoint.root):
            return Answer(409, f"{seen.size}\n", _SIZE)
        if not merkle.is_consistent(seen.size, seen.root, checkpoint.size, checkpoint.root, proof):
            return Answer(422, "the checkpoint does not extend the last one cosigned\n")
        try:
            if checkpoint.size > seen.size:
                self._ledger.remember(checkpoint)
        except OSError as error:
            _log.error("witness_cannot_write", reason=str(error.strerror))
            return Answer(503, "the checkpoint cannot be stored now\n")
        return Answer(200, self._key().cosign(checkpoint.body(), int(time.time())))


def _parsed(body: bytes) -> tuple[int, list[bytes], str] | None:
    try:
        head, gap, note = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        return None
    first, *hashes = head.split("\n")
    old = _OLD.fullmatch(first)
    if not gap or old is None or len(hashes) > _MOST_HASHES:
        return None
    if not all(_HASH.fullmatch(one) for one in hashes):
        return None
    return int(old[1]), [b64decode(one) for one in hashes], note
