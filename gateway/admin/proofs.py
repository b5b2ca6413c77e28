"""Proofs of a tenant's events, and the erasure of their payloads."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from souk.audit.v1.audit_service_pb2 import EraseEventPayloadRequest
from souk.audit.v1.proof_service_pb2 import (
    GetCheckpointRequest,
    GetConsistencyProofRequest,
    GetReceiptRequest,
)

from gateway.admin.asking import Resource, WritesAskNothing
from gateway.admin.events import EVENTS, EventAnswer
from gateway.admin.shapes.event import event_json
from gateway.admin.shapes.evidence import (
    CheckpointDocument,
    ConsistencyDocument,
    ProofDocument,
    ReceiptDocument,
    checkpoint_json,
    consistency_json,
    proof_json,
    receipt_json,
)
from gateway.clients import ClientsOf
from gateway.identity.scopes import TenantScope
from gateway.medusa import query, responses

_NOTHING = query.Query(limit=None)
RECEIPTS = Resource("receipt", "", ReceiptDocument, _NOTHING)
PROOFS = Resource("proof", "", ProofDocument, _NOTHING)
CHECKPOINTS = Resource("audit_checkpoint", "", CheckpointDocument, _NOTHING)

router = APIRouter(
    prefix="/admin/tenants/{tenant_id}",
    tags=["Audit"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[WritesAskNothing],
)


class ReceiptAnswer(BaseModel):
    receipt: ReceiptDocument


class ProofAnswer(BaseModel):
    proof: ProofDocument


class CheckpointAnswer(BaseModel):
    audit_checkpoint: CheckpointDocument


class ConsistencyAnswer(BaseModel):
    consistency: ConsistencyDocument


class SizesQuery(BaseModel):
    """The query of a consistency proof; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_size: int = Field(
        0, alias="from", ge=0, le=2**53, description="The size of the earlier log."
    )
    to_size: int = Field(0, alias="to", ge=0, le=2**53, description="The size of the later log.")


@router.get(
    "/audit-events/{event_id}/receipt",
    summary="Get the receipt of an event",
    responses=responses.documented(ReceiptAnswer, "The receipt, to keep as evidence."),
    openapi_extra=Resource.documented_one,
)
async def get_audit_event_receipt(
    request: Request, scope: TenantScope, clients: ClientsOf, event_id: str
) -> Response:
    """Returns an event with its proof; 409 EVENT_NOT_SEQUENCED for a moment after the act."""
    name = f"tenants/{scope.tenant}/events/{event_id}"
    receipt = await clients.proofs.GetReceipt(GetReceiptRequest(name=name))
    return RECEIPTS.one(request, receipt_json(receipt))


@router.get(
    "/audit-events/{event_id}/proof",
    summary="Get the inclusion proof of an event",
    responses=responses.documented(ProofAnswer, "The inclusion proof."),
    openapi_extra=Resource.documented_one,
)
async def get_audit_event_proof(
    request: Request, scope: TenantScope, clients: ClientsOf, event_id: str
) -> Response:
    """Returns the proof that an event is in the log, without its payload."""
    name = f"tenants/{scope.tenant}/events/{event_id}"
    receipt = await clients.proofs.GetReceipt(GetReceiptRequest(name=name))
    return PROOFS.one(request, proof_json(receipt))


@router.post(
    "/audit-events/{event_id}/erase-payload",
    summary="Erase an event's payload",
    responses=responses.documented(EventAnswer, "The event without its payload."),
)
async def erase_audit_event_payload(
    request: Request, scope: TenantScope, clients: ClientsOf, event_id: str
) -> Response:
    """Erases an event's changes and personal data permanently; the proof of the event remains.

    Returns 409 EVENT_NOT_SEQUENCED for a moment after the act.
    """
    name = f"tenants/{scope.tenant}/events/{event_id}"
    event = await clients.audit.EraseEventPayload(EraseEventPayloadRequest(name=name))
    return EVENTS.one(request, event_json(event))


@router.get(
    "/audit-checkpoint",
    summary="Get the newest checkpoint",
    responses=responses.documented(CheckpointAnswer, "The newest checkpoint."),
    openapi_extra=Resource.documented_one,
)
async def get_audit_checkpoint(
    request: Request, scope: TenantScope, clients: ClientsOf
) -> Response:
    """Returns the signed state of the log. Keep it to detect a later rewrite of the log."""
    checkpoint = await clients.proofs.GetCheckpoint(
        GetCheckpointRequest(parent=f"tenants/{scope.tenant}")
    )
    return CHECKPOINTS.one(request, checkpoint_json(checkpoint))


@router.get(
    "/audit-checkpoint/consistency",
    summary="Get a consistency proof",
    responses=responses.documented(ConsistencyAnswer, "The consistency proof."),
)
async def get_audit_consistency(
    scope: TenantScope, clients: ClientsOf, asked: Annotated[SizesQuery, Query()]
) -> Response:
    """Returns the proof that the log at one size begins with the log at a smaller size."""
    proof = await clients.proofs.GetConsistencyProof(
        GetConsistencyProofRequest(
            parent=f"tenants/{scope.tenant}", from_size=asked.from_size, to_size=asked.to_size
        )
    )
    return responses.answer({"consistency": consistency_json(proof)})
