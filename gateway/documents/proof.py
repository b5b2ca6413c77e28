"""Proofs of events: hashes in hexadecimal, sealed bytes as text."""

from typing import Annotated

from pydantic import Field
from souk.audit.v1.proof_service_pb2 import (
    Checkpoint,
    ConsistencyProof,
    Entry,
    PlatformProof,
    Receipt,
)

from gateway.documents.event import EventDocument
from gateway.medusa.shapes import WHOLE, Document, From

EXPORT_FORM = "souk-audit-export/2"


def _payload(sealed: Entry | Receipt) -> str | None:
    # A payload that was altered in the database may be anything: the verifier tells.
    return None if sealed.event.is_erased else sealed.event.payload.decode(errors="replace")


def _signature(sealed: Entry | Receipt) -> str | None:
    return sealed.event.signature.hex() or None


def _salt(sealed: Entry | Receipt) -> str | None:
    return None if sealed.event.is_erased else sealed.event.salt.hex()


Hashes = Annotated[list[str], From(read=bytes.hex)]
InclusionProof = Annotated[Hashes, Field(description="The inclusion proof, from the leaf up.")]
Envelope = Annotated[
    str,
    From("event.envelope", bytes.decode),
    Field(description="The event as it is proven: canonical JSON, byte for byte."),
]
Payload = Annotated[
    str | None,
    From(WHOLE, _payload),
    Field(description="The data that the envelope commits to; null when erased."),
]
Salt = Annotated[
    str | None, From(WHOLE, _salt), Field(description="In hexadecimal; null when erased.")
]

Signature = Annotated[
    str | None,
    From(WHOLE, _signature),
    Field(
        description="The service's signature over the envelope, in hexadecimal: the id of its key,"
        " then Ed25519. null for events from before services signed theirs."
    ),
]


class PlatformDocument(Document[PlatformProof]):
    head: Annotated[str, From(read=bytes.decode)] = Field(
        description="The leaf of the platform's tree: canonical JSON."
    )
    index: int
    hashes: InclusionProof
    note: str = Field(description="A signed checkpoint of the platform's tree.")


class CheckpointDocument(Document[Checkpoint]):
    size: int = Field(description="The number of events in the log.")
    note: str = Field(description="The checkpoint as a signed note (C2SP tlog-checkpoint).")
    platform: PlatformDocument


class ProofDocument(Document[Receipt]):
    """The proof of an event's place in the log."""

    envelope: Envelope
    index: int = Field(description="Its place in the tenant's log, from 0.")
    hashes: InclusionProof
    checkpoint: CheckpointDocument


class ReceiptDocument(ProofDocument):
    """A proof with the readable event and what is needed to check its payload."""

    event: EventDocument
    payload: Payload
    salt: Salt
    signature: Signature


class EntryDocument(Document[Entry]):
    """An event in an export, which has only what can be proven."""

    index: int
    envelope: Envelope
    payload: Payload
    salt: Salt
    signature: Signature
    leaf: Annotated[str, From("leaf_hash", bytes.hex)]


class ConsistencyDocument(Document[ConsistencyProof]):
    """The proof that a later log begins with an earlier one."""

    from_size: int
    to_size: int
    hashes: Hashes
