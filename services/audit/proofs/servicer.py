"""ProofService: receipts, checkpoints, consistency proofs, and the log by place."""

from souk.audit.v1 import proof_service_pb2 as pb
from souk.audit.v1 import proof_service_pb2_grpc as rpc

from services.audit import queries, rules, trees
from services.audit.messages import NAME, event_message, exported_message
from services.audit.models import PLATFORM_LOG, Checkpoint
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, NotFound, invalid
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database
from services.kernel.evidence import merkle
from services.kernel.evidence.event_signatures import EventKeys
from services.kernel.process.secret_files import Secret

_MOST_ENTRIES = 200
_MOST_CHECKPOINTS = 500


class ProofServicer(rpc.ProofServiceServicer):
    """Proofs of O(log n) hashes, read from the nodes that the sequencer wrote."""

    def __init__(self, db: Database, keys: Secret[EventKeys]) -> None:
        self._db = db
        self._keys = keys

    async def GetReceipt(self, request: pb.GetReceiptRequest, context: object) -> pb.Receipt:
        current_scope().require(request.name)
        _, event_id = names.parse(request.name, NAME)
        async with self._db.tenant() as session:
            found = await queries.event(session, request.name, event_id)
            place = await trees.place(session, event_id)
            checkpoint = await trees.newest_checkpoint(session)
            if place is None or checkpoint is None or place >= checkpoint.size:
                raise FailedPrecondition(
                    "EVENT_NOT_SEQUENCED",
                    "The event has no place in the log yet. Retry in a moment.",
                )
            ranges = merkle.inclusion(place, checkpoint.size)
            hashes = await trees.proof(session, _own_log(), ranges)
        return pb.Receipt(
            event=event_message(found, self._keys),
            index=place,
            hashes=hashes,
            checkpoint=await self._with_platform(checkpoint),
        )

    async def GetCheckpoint(
        self, request: pb.GetCheckpointRequest, context: object
    ) -> pb.Checkpoint:
        _require(request.parent)
        async with self._db.tenant() as session:
            checkpoint = await trees.newest_checkpoint(session)
        if checkpoint is None:
            raise NotFound("CHECKPOINT_NOT_FOUND", f"{request.parent} has no checkpoint yet.")
        return await self._with_platform(checkpoint)

    async def GetConsistencyProof(
        self, request: pb.GetConsistencyProofRequest, context: object
    ) -> pb.ConsistencyProof:
        _require(request.parent)
        old, size = request.from_size, request.to_size
        async with self._db.tenant() as session:
            checkpoint = await trees.newest_checkpoint(session)
            _check_sizes(old, size, field="to_size", most=checkpoint.size if checkpoint else 0)
            hashes = await trees.proof(session, _own_log(), merkle.consistency(old, size))
        return pb.ConsistencyProof(from_size=old, to_size=size, hashes=hashes)

    async def ListEntries(
        self, request: pb.ListEntriesRequest, context: object
    ) -> pb.ListEntriesResponse:
        _require(request.parent)
        _check_sizes(request.start, request.end, field="end")
        async with self._db.tenant() as session:
            found = await queries.list_by_index(session, request.start, request.end, _MOST_ENTRIES)
        count = rules.fitting([event.bytes for _, _, event in found])
        entries = [
            pb.Entry(index=idx, leaf_hash=leaf, event=exported_message(event))
            for idx, leaf, event in found[:count]
        ]
        return pb.ListEntriesResponse(entries=entries)

    async def ListCheckpoints(
        self, request: pb.ListCheckpointsRequest, context: object
    ) -> pb.ListCheckpointsResponse:
        _require(request.parent)
        _check_sizes(request.after_size, request.up_to_size, field="up_to_size")
        async with self._db.tenant() as session:
            found = await trees.checkpoints(
                session, request.after_size, request.up_to_size, _MOST_CHECKPOINTS
            )
        return pb.ListCheckpointsResponse(
            checkpoints=[
                pb.Checkpoint(size=checkpoint.size, note=checkpoint.note) for checkpoint in found
            ]
        )

    async def _with_platform(self, checkpoint: Checkpoint) -> pb.Checkpoint:
        """Adds the proof of a tenant's head in the platform's tree; it names no other tenant."""
        async with self._db.housekeeping() as session:
            note = await trees.platform_note(session, checkpoint.head_idx)
            size = int(note.splitlines()[1]) if note else 0
            ranges = merkle.inclusion(checkpoint.head_idx, size) if note else []
            hashes = await trees.proof(session, PLATFORM_LOG, ranges)
        platform = pb.PlatformProof(
            head=checkpoint.head, index=checkpoint.head_idx, hashes=hashes, note=note or ""
        )
        return pb.Checkpoint(size=checkpoint.size, note=checkpoint.note, platform=platform)


def _require(parent: str) -> None:
    current_scope().require_parent(parent)
    names.parse(parent, "tenants/{tenant}")


def _own_log() -> str:
    return current_scope().tenant or ""


def _check_sizes(start: int, end: int, *, field: str, most: int | None = None) -> None:
    """Refuses sizes that are negative, not in ascending order, or above `most`.

    Raises:
        InvalidArgument: SIZE_INVALID, naming the later one.
    """
    if not 0 <= start <= end or (most is not None and end > most):
        limit = "" if most is None else f", and at most {most}"
        text = f"must be at least the earlier size, which must be at least 0{limit}"
        raise invalid("SIZE_INVALID", {field: text})
