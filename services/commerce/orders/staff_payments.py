"""PaymentService: what staff see of their tenant's payments."""

from souk.commerce.v1 import payment_service_pb2 as pb
from souk.commerce.v1.payment_service_pb2_grpc import PaymentServiceServicer

from services.commerce.models import Payment
from services.commerce.orders import queries
from services.commerce.orders.staff import MOST_COUNTED
from services.commerce.orders.transfers import ORDER
from services.kernel.call import names
from services.kernel.call.errors import NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import pages
from services.kernel.data.database import Database
from services.kernel.data.time_ranges import within

_PAYMENT = "tenants/{tenant}/payments/{payment}"
_ORDERS: dict[str, pages.Columns] = {
    "created_at": (Payment.create_time, Payment.payment_id),
    "id": (Payment.payment_id,),
}


class PaymentServicer(PaymentServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetPayment(self, request: pb.GetPaymentRequest, _context: object) -> pb.Payment:
        current_scope().require(request.name)
        payment_id = names.parse(request.name, _PAYMENT)[1]
        async with self._db.tenant() as session:
            row = await session.scalar(queries.payments(payment_ids=[payment_id]))
        if row is None:
            raise NotFound("PAYMENT_NOT_FOUND", f"No such payment: {payment_id[:100]}")
        return _message(row)

    async def ListPayments(
        self, request: pb.ListPaymentsRequest, _context: object
    ) -> pb.ListPaymentsResponse:
        current_scope().require_parent(request.parent)
        statement = queries.payments(
            payment_ids=[names.parse(name, _PAYMENT)[1] for name in request.payments],
            order_ids=[names.parse(name, ORDER)[1] for name in request.orders],
        ).where(*within(Payment.create_time, request.created_at))
        async with self._db.tenant() as session:
            rows, _, total = await pages.read_page(
                session,
                request,
                statement,
                _ORDERS,
                default="-created_at",
                most_counted=MOST_COUNTED,
            )
        return pb.ListPaymentsResponse(payments=map(_message, rows), total_size=total)


def _message(row: Payment) -> pb.Payment:
    message = pb.Payment(
        name=f"tenants/{row.tenant_id}/payments/{row.payment_id}",
        order=f"tenants/{row.tenant_id}/orders/{row.order_id}",
        provider_id=row.provider_id,
        currency_code=row.currency_code,
        amount_minor=row.amount_minor,
        captured_minor=row.captured_minor,
    )
    message.create_time.FromDatetime(row.create_time)
    return message
