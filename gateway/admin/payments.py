"""Medusa's payments: what was promised for the orders of the request's tenant."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.commerce.v1.payment_service_pb2 import GetPaymentRequest, ListPaymentsRequest

from gateway.clients import ClientsOf
from gateway.documents.payment import PaymentDocument
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, times
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_entries

PAYMENTS = Resource(
    "payment",
    "payments",
    PaymentDocument,
    Query(
        limit=20,
        filters={
            "id": Many(most_entries(ListPaymentsRequest, "payments"), of=Id()),
            "order_id": Many(most_entries(ListPaymentsRequest, "orders"), of=Id()),
            **times("created_at"),
        },
        order=("created_at", "id"),
    ),
)

router = Router(
    prefix="/admin/payments",
    tags=["Orders"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class PaymentAnswer(BaseModel):
    payment: PaymentDocument


class PaymentsAnswer(Envelope):
    payments: list[PaymentDocument]


@router.get(
    "",
    summary="List payments",
    responses=responses.documented(PaymentsAnswer, "A page of payments."),
    openapi_extra=PAYMENTS.documented_list,
)
async def list_payments(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the payments of the request's tenant, newest first; no more than 10,000 are counted."""
    query, tenant = PAYMENTS.list_query(request), f"tenants/{scope.tenant}"
    found = await clients.payments.ListPayments(
        ListPaymentsRequest(
            parent=tenant,
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            payments=[f"{tenant}/payments/{id_}" for id_ in query.many("id")],
            orders=[f"{tenant}/orders/{id_}" for id_ in query.many("order_id")],
            created_at=query.time_range("created_at"),
        )
    )
    return PAYMENTS.page(query, found.payments, count=found.total_size)


@router.get(
    "/{payment_id}",
    summary="Get a payment",
    responses=responses.documented(PaymentAnswer, "The payment."),
    openapi_extra=PAYMENTS.documented_one,
)
async def get_payment(
    payment_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one payment of the request's tenant."""
    query = PAYMENTS.one_query(request)
    payment = await clients.payments.GetPayment(
        GetPaymentRequest(name=f"tenants/{scope.tenant}/payments/{payment_id}")
    )
    return PAYMENTS.one(query, payment)
