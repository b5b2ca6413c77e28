"""`POST /hooks/payment/{provider}`: what payment providers tell of their own accord."""

import orjson
from fastapi import Request, Response
from pydantic import BaseModel, Field
from souk.commerce.v1.payment_event_service_pb2 import ReceivePaymentEventRequest

from gateway.clients import ClientsOf
from gateway.identity.shoppers import shopper_scope
from gateway.medusa import responses
from gateway.medusa.resource import NoQuery
from gateway.medusa.router import Router
from gateway.request_state import state_of
from gateway.tenancy import KnownTenant, Tenancy, TenancyOf
from services.kernel.call.client import deadline
from services.kernel.call.scope import bound
from services.kernel.process.tenant_ids import TENANT_ID

# A provider waits longer than a shopper, and what it tells may make an order.
_SECONDS = 8.0
_NOTIFY = frozenset({"payment:notify"})
_SIGNATURE = "Stripe-Signature"

router = Router(
    prefix="/hooks/payment",
    tags=["Payments"],
    responses=responses.errors(400, 404, 413, 429, 503, 504),
    dependencies=[NoQuery],
)


class Received(BaseModel):
    """What became of an event."""

    outcome: str = Field(
        description="ordered; waits, for the shopper; ignored, as it is not about a payment of"
        " this installation; known, from before.",
        examples=["ordered"],
    )


@router.post(
    "/{provider}",
    summary="Receive an event of a payment provider",
    responses=responses.documented(Received, "It was handled, or need not be."),
    openapi_extra={
        "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
        "parameters": [
            {
                "name": _SIGNATURE,
                "in": "header",
                "schema": {"type": "string"},
                "description": "Over each byte of the body, with the secret of this endpoint.",
            }
        ],
    },
)
async def receive_payment_event(
    provider: str, request: Request, tenancy: TenancyOf, clients: ClientsOf
) -> Response:
    """Takes an event if its signature is right. It may come twice, late, and after others.

    Anything but 200 means that it must be sent again.
    """
    body = await request.body()
    tenant = await _tenant_of(body, tenancy, state_of(request).address)
    signature = state_of(request).fields.joined(_SIGNATURE.lower().encode())
    with bound(shopper_scope(request, tenant, _NOTIFY, "services/gateway")), deadline(_SECONDS):
        answer = await clients.payment_events.ReceivePaymentEvent(
            ReceivePaymentEventRequest(
                parent=f"tenants/{tenant.id}",
                provider_id=f"pp_{provider.removeprefix('pp_')}",
                body=body,
                signature=signature.decode("latin-1"),
            )
        )
    return responses.answer({"outcome": answer.outcome})


async def _tenant_of(body: bytes, tenancy: Tenancy, address: str) -> KnownTenant:
    """Finds the shop that the event says it is about; whether that is true, the service checks.

    Events that name no open shop go to the head office, where they are about nothing.
    """
    try:
        named = orjson.loads(body)["data"]["object"]["metadata"]["tenant"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        named = None
    if isinstance(named, str) and TENANT_ID.fullmatch(named):
        found = await tenancy.shop(named, address)
        if found is not None:
            return found
    return await tenancy.fallback()
