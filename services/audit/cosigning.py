"""Sends the newest checkpoint of the platform's tree to the witness, and stores its cosignature.

Nothing waits for the witness: while it is away, acts and sequencing go on, and the newest
checkpoint is cosigned when it is back.
"""

import asyncio
from base64 import b64encode

import httpx

from services.audit import trees
from services.audit.models import PLATFORM_LOG
from services.audit.settings import AuditSettings
from services.audit.wakers import Wakers
from services.kernel.call.errors import ServiceError
from services.kernel.call.mutual_https import http_client
from services.kernel.data.database import Database
from services.kernel.evidence import merkle, signed_notes
from services.kernel.process.backoff import Backoff
from services.kernel.process.logs import logger
from services.kernel.process.pauses import pause
from services.kernel.process.secret_files import Secret
from services.kernel.process.settings import load
from services.kernel.serving.server import Runtime

# At most one question a second, however many checkpoints are signed.
_LINGER_SECONDS = 1.0
_POLL_SECONDS = 5.0
_FIRST_RETRY_SECONDS = 2.0
_LONGEST_PAUSE = 30.0
_CALL_SECONDS = 5.0

_log = logger()


class WitnessRefused(Exception):
    """The witness refuses to cosign: its history and that of this log differ."""


async def run(runtime: Runtime, *, wakers: Wakers) -> None:
    """Runs until it is cancelled; without a configured witness, does nothing."""
    witness = load(AuditSettings).witness
    if witness is None:
        return
    keys = runtime.settings.secret_file("witness.pub", signed_notes.read_keys)
    certificate = runtime.settings.certificate
    async with http_client(
        "witness", witness, seconds=_CALL_SECONDS, certificate=certificate
    ) as client:
        await WitnessClient(runtime.db, client, keys).work(wakers)


class WitnessClient:
    def __init__(
        self, db: Database, client: httpx.AsyncClient, keys: Secret[list[signed_notes.Key]]
    ) -> None:
        self._db = db
        self._client = client
        self._keys = keys
        self._witness_size: int | None = None
        """The size that the witness has seen, if it differs from our table."""

    async def work(self, wakers: Wakers) -> None:
        backoff = Backoff(_FIRST_RETRY_SECONDS, _LONGEST_PAUSE)
        while True:
            retry_after: float | None = None
            wakers.signed.clear()
            try:
                await self.submit_newest()
                backoff.reset()
            except (ServiceError, httpx.HTTPError) as error:
                retry_after = backoff.next()
                _log.warning("audit_witness_away", reason=type(error).__name__)
            except WitnessRefused as refusal:
                retry_after = backoff.next()
                _log.error("audit_witness_refuses", reason=str(refusal))
            except Exception:
                _log.exception("audit_cosigning_broke")
            if retry_after is None:
                await pause(_POLL_SECONDS, wakers.signed)
            await asyncio.sleep(retry_after or _LINGER_SECONDS)

    async def submit_newest(self) -> bool:
        """Gets the newest checkpoint cosigned; returns whether there was a new one.

        Raises:
            Refused: the checkpoint contradicts what the witness has seen, or its answer is invalid.
        """
        async with self._db.housekeeping() as session:
            cosigned_size, newest = await trees.uncosigned(session)
            if newest is None:
                return False
            from_size = cosigned_size if self._witness_size is None else self._witness_size
            proof = await trees.proof(
                session, PLATFORM_LOG, merkle.consistency(from_size, newest.size)
            )
        response = await self._client.post(
            "/add-checkpoint", content=_request_body(from_size, proof, newest.note)
        )
        if response.status_code == httpx.codes.CONFLICT:
            self._witness_size = self._size_from(response.text, from_size, newest.size)
            return await self.submit_newest()
        if response.status_code != httpx.codes.OK:
            raise WitnessRefused(f"{response.status_code}: {response.text[:200].strip()}")
        self._witness_size = None
        await self._store_cosignature(newest.size, newest.note + response.text)
        return True

    def _size_from(self, text: str, from_size: int, newest: int) -> int:
        """Returns the size that the witness has seen, if a proof can start from it."""
        size = int(text) if text.strip().isdigit() else -1
        if size == from_size or not 0 <= size <= newest:
            raise WitnessRefused(
                f"the witness has seen size {text[:20].strip()}, but this log has {newest}"
            )
        return size

    async def _store_cosignature(self, size: int, note: str) -> None:
        try:
            is_cosigned = signed_notes.cosigned_at(note, self._keys()) is not None
        except signed_notes.InvalidNote:
            is_cosigned = False
        if not is_cosigned:
            raise WitnessRefused("the answer is not a cosignature by a known key")
        async with self._db.housekeeping() as session:
            await trees.add_cosignature(session, size, note)


def _request_body(from_size: int, proof: list[bytes], note: str) -> str:
    hashes = "".join(f"{b64encode(node_hash).decode()}\n" for node_hash in proof)
    return f"old {from_size}\n{hashes}\n{note}"
