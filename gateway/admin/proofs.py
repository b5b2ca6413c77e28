"""Proofs of a tenant's events, and the erasure of their payloads."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.audit.v1.audit_service_pb2 import EraseEventPayloadRequest
from souk.audit.v1.proof_service_pb2 import (
    GetCheckpointRequest,
    GetConsistencyProofRequest,
    GetReceiptRequest,
)

from gateway.admin.events import EVENTS, EventAnswer
from gateway.clients import ClientsOf
from gateway.documents.proof import (
    CheckpointDocument,
    ConsistencyDocument,
    ProofDocument,
    ReceiptDocument,
)
from gateway.identity.scopes import TenantScope
from gateway.medusa import responses
from gateway.medusa.filters import Whole
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import NoQueryOfWrites, Resource
from gateway.medusa.router import Router

EventQuery = Annotated[ParsedQuery, Depends(EVENTS.query_of_answer)]
_NOTHING = Query(limit=None)
_MOST_EVENTS = 2**53  # the largest number that JavaScript reads exactly
RECEIPTS = Resource("receipt", "", ReceiptDocument, _NOTHING)
PROOFS = Resource("proof", "", ProofDocument, _NOTHING)
CHECKPOINTS = Resource("audit_checkpoint", "", CheckpointDocument, _NOTHING)
CONSISTENCY = Resource(
    "consistency",
    "",
    ConsistencyDocument,
    Query({"from": Whole(0, _MOST_EVENTS, 0), "to": Whole(0, _MOST_EVENTS, 0)}, limit=None),
)

router = Router(
    prefix="/admin/tenants/{tenant_id}",
    tags=["Audit"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
)


class ReceiptAnswer(BaseModel):
    receipt: ReceiptDocument


class ProofAnswer(BaseModel):
    proof: ProofDocument


class CheckpointAnswer(BaseModel):
    audit_checkpoint: CheckpointDocument


class ConsistencyAnswer(BaseModel):
    consistency: ConsistencyDocument


@router.get(
    "/audit-events/{event_id}/receipt",
    summary="Get the receipt of an event",
    responses=responses.documented(ReceiptAnswer, "The receipt, to keep as evidence."),
    openapi_extra=RECEIPTS.documented_one,
)
async def get_audit_event_receipt(
    request: Request, scope: TenantScope, clients: ClientsOf, event_id: str
) -> Response:
    """Returns an event with its proof; 409 EVENT_NOT_SEQUENCED for a moment after the act."""
    query = RECEIPTS.one_query(request)
    name = f"tenants/{scope.tenant}/events/{event_id}"
    receipt = await clients.proofs.GetReceipt(GetReceiptRequest(name=name))
    return RECEIPTS.one(query, receipt)


@router.get(
    "/audit-events/{event_id}/proof",
    summary="Get the inclusion proof of an event",
    responses=responses.documented(ProofAnswer, "The inclusion proof."),
    openapi_extra=PROOFS.documented_one,
)
async def get_audit_event_proof(
    request: Request, scope: TenantScope, clients: ClientsOf, event_id: str
) -> Response:
    """Returns the proof that an event is in the log, without its payload."""
    query = PROOFS.one_query(request)
    name = f"tenants/{scope.tenant}/events/{event_id}"
    receipt = await clients.proofs.GetReceipt(GetReceiptRequest(name=name))
    return PROOFS.one(query, receipt)


@router.post(
    "/audit-events/{event_id}/erase-payload",
    summary="Erase an event's payload",
    responses=responses.documented(EventAnswer, "The event without its payload."),
    openapi_extra=EVENTS.documented_one,
)
async def erase_audit_event_payload(
    scope: TenantScope, query: EventQuery, clients: ClientsOf, event_id: str
) -> Response:
    """Erases an event's changes and personal data permanently; the proof of the event remains.

    Returns 409 EVENT_NOT_SEQUENCED for a moment after the act.
    """
    name = f"tenants/{scope.tenant}/events/{event_id}"
    event = await clients.audit.EraseEventPayload(EraseEventPayloadRequest(name=name))
    return EVENTS.one(query, event)


@router.get(
    "/audit-checkpoint",
    summary="Get the newest checkpoint",
    responses=responses.documented(CheckpointAnswer, "The newest checkpoint."),
    openapi_extra=CHECKPOINTS.documented_one,
)
async def get_audit_checkpoint(
    request: Request, scope: TenantScope, clients: ClientsOf
) -> Response:
    """Returns the signed state of the log. Keep it to detect a later rewrite of the log."""
    query = CHECKPOINTS.one_query(request)
    checkpoint = await clients.proofs.GetCheckpoint(
        GetCheckpointRequest(parent=f"tenants/{scope.tenant}")
    )
    return CHECKPOINTS.one(query, checkpoint)


@router.get(
    "/audit-checkpoint/consistency",
    summary="Get a consistency proof",
    responses=responses.documented(ConsistencyAnswer, "The consistency proof."),
    openapi_extra=CONSISTENCY.documented_list,
)
async def get_audit_consistency(
    request: Request, scope: TenantScope, clients: ClientsOf
) -> Response:
    """Returns the proof that the log at one size begins with the log at a smaller size."""
    query = CONSISTENCY.list_query(request)
    proof = await clients.proofs.GetConsistencyProof(
        GetConsistencyProofRequest(
            parent=f"tenants/{scope.tenant}",
            from_size=query.whole("from"),
            to_size=query.whole("to"),
        )
    )
    return CONSISTENCY.one(query, proof)
