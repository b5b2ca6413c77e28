"""Proofs of events as JSON: hashes in hexadecimal, sealed bytes as text."""

from collections.abc import Iterable

from pydantic import BaseModel, Field
from souk.audit.v1.proof_service_pb2 import (
    Checkpoint,
    ConsistencyProof,
    Entry,
    PlatformProof,
    Receipt,
)

from gateway.admin.shapes.event import EventDocument, event_json
from gateway.admin.shapes.scalars import Document

EXPORT_FORM = "souk-audit-export/2"


class PlatformDocument(BaseModel):
    head: str = Field(description="The leaf of the platform's tree: canonical JSON.")
    index: int
    hashes: list[str] = Field(description="The inclusion proof, from the leaf up.")
    note: str = Field(description="A signed checkpoint of the platform's tree.")


class CheckpointDocument(BaseModel):
    size: int = Field(description="The number of events in the log.")
    note: str = Field(description="The checkpoint as a signed note (C2SP tlog-checkpoint).")
    platform: PlatformDocument


class ProofDocument(BaseModel):
    """The proof of an event's place in the log."""

    envelope: str = Field(description="The event as it is proven: canonical JSON, byte for byte.")
    index: int = Field(description="Its place in the tenant's log, from 0.")
    hashes: list[str] = Field(description="The inclusion proof, from the leaf up.")
    checkpoint: CheckpointDocument


class ReceiptDocument(ProofDocument):
    """A proof with the readable event and what is needed to check its payload."""

    event: EventDocument
    payload: str | None = Field(
        description="The data that the envelope commits to; null when erased."
    )
    salt: str | None = Field(description="In hexadecimal; null when erased.")
    signature: str | None = Field(
        description="The service's signature over the envelope, in hexadecimal: the id of its key,"
        " then Ed25519. null for events from before services signed theirs."
    )


class ConsistencyDocument(BaseModel):
    """The proof that a later log begins with an earlier one."""

    from_size: int
    to_size: int
    hashes: list[str]


def entry_json(entry: Entry) -> Document:
    """Converts an entry to its form in exports, which has only what can be proven."""
    leaf = entry.leaf_hash.hex()
    return {"index": entry.index} | _sealed(entry.event.envelope, entry) | {"leaf": leaf}


def _sealed(envelope: bytes, held: Entry | Receipt) -> Document:
    event = held.event
    return {
        "envelope": envelope.decode(),
        # A payload that was altered in the database may be anything: the verifier tells.
        "payload": None if event.is_erased else event.payload.decode(errors="replace"),
        "salt": None if event.is_erased else event.salt.hex(),
        "signature": event.signature.hex() or None,
    }


def platform_json(proof: PlatformProof) -> Document:
    return {
        "head": proof.head.decode(),
        "index": proof.index,
        "hashes": _hex(proof.hashes),
        "note": proof.note,
    }


def checkpoint_json(checkpoint: Checkpoint) -> Document:
    return {
        "size": checkpoint.size,
        "note": checkpoint.note,
        "platform": platform_json(checkpoint.platform),
    }


def proof_json(receipt: Receipt) -> Document:
    return {
        "envelope": receipt.event.envelope.decode(),
        "index": receipt.index,
        "hashes": _hex(receipt.hashes),
        "checkpoint": checkpoint_json(receipt.checkpoint),
    }


def receipt_json(receipt: Receipt) -> Document:
    sealed = _sealed(receipt.event.envelope, receipt)
    return proof_json(receipt) | sealed | {"event": event_json(receipt.event)}


def consistency_json(proof: ConsistencyProof) -> Document:
    return {
        "from_size": proof.from_size,
        "to_size": proof.to_size,
        "hashes": _hex(proof.hashes),
    }


def _hex(hashes: Iterable[bytes]) -> list[str]:
    return [one.hex() for one in hashes]
