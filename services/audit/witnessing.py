"""Shows the witness each checkpoint of the platform's tree, and keeps its cosignatures.

Nothing waits for the witness: while it is away, acts and sequencing go on, and the newest
checkpoint is cosigned when it is back.
"""

import asyncio
from base64 import b64encode

import httpx

from services.audit import trees
from services.audit.models import PLATFORM_LOG
from services.audit.settings import AuditSettings
from services.kernel.call.errors import ServiceError
from services.kernel.data.database import Database
from services.kernel.evidence import merkle, signed_notes
from services.kernel.process.logs import logger
from services.kernel.process.secret_files import Secret
from services.kernel.process.settings import load
from services.kernel.serving.server import Runtime

EVERY_SECONDS = 1.0
_LONGEST_PAUSE = 30.0
_CALL_SECONDS = 5.0

_log = logger()


class Refused(Exception):
    """The witness refuses to cosign: its history and that of this log differ."""


async def run(runtime: Runtime) -> None:
    """Runs until it is cancelled; without a configured witness, does nothing."""
    witness = load(AuditSettings).witness
    if witness is None:
        return
    keys = runtime.settings.secret_file("witness.pub", signed_notes.read_keys)
    # Ignores the environment's proxy.
    async with httpx.AsyncClient(
        base_url=f"http://{witness}", timeout=_CALL_SECONDS, trust_env=False
    ) as client:
        await Witnessing(runtime.db, client, keys).work()


class Witnessing:
    def __init__(
        self, db: Database, client: httpx.AsyncClient, keys: Secret[list[signed_notes.Key]]
    ) -> None:
        self._db = db
        self._client = client
        self._keys = keys
        self._seen: int | None = None
        """The size that the witness has seen, if it differs from our table."""

    async def work(self) -> None:
        pause = EVERY_SECONDS
        while True:
            try:
                await self.show()
                pause = EVERY_SECONDS
            except (ServiceError, httpx.HTTPError) as error:
                pause = min(pause * 2, _LONGEST_PAUSE)
                _log.warning("audit_witness_away", reason=type(error).__name__)
            except Refused as refusal:
                pause = min(pause * 2, _LONGEST_PAUSE)
                _log.error("audit_witness_refuses", reason=str(refusal))
            except Exception:
                _log.exception("audit_witnessing_broke")
            await asyncio.sleep(pause)

    async def show(self) -> bool:
        """Gets the newest checkpoint cosigned; returns whether there was one.

        Raises:
            Refused: the checkpoint contradicts what the witness has seen, or its answer is invalid.
        """
        async with self._db.housekeeping() as session:
            done, newest = await trees.uncosigned(session)
            if newest is None:
                return False
            old = done if self._seen is None else self._seen
            proof = await trees.proof(session, PLATFORM_LOG, merkle.consistency(old, newest.size))
        answer = await self._client.post("/add-checkpoint", content=_asked(old, proof, newest.note))
        if answer.status_code == httpx.codes.CONFLICT:
            self._seen = self._size_in(answer.text, old, newest.size)
            return await self.show()
        if answer.status_code != httpx.codes.OK:
            raise Refused(f"{answer.status_code}: {answer.text[:200].strip()}")
        self._seen = None
        await self._keep(newest.size, newest.note + answer.text)
        return True

    def _size_in(self, text: str, old: int, newest: int) -> int:
        """Returns the size that the witness has seen, if a proof can start from it."""
        size = int(text) if text.strip().isdigit() else -1
        if size == old or not 0 <= size <= newest:
            raise Refused(
                f"the witness has seen size {text[:20].strip()}, but this log has {newest}"
            )
        return size

    async def _keep(self, size: int, note: str) -> None:
        try:
            is_cosigned = signed_notes.cosigned_at(note, self._keys()) is not None
        except signed_notes.Untrue:
            is_cosigned = False
        if not is_cosigned:
            raise Refused("the answer is not a cosignature by a known key")
        async with self._db.housekeeping() as session:
            await trees.add_cosignature(session, size, note)


def _asked(old: int, proof: list[bytes], note: str) -> str:
    hashes = "".join(f"{b64encode(one).decode()}\n" for one in proof)
    return f"old {old}\n{hashes}\n{note}"
