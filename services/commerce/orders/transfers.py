"""Guests' orders are handed over to customers, by whoever reads the guest's mail."""

import hmac
import json
from datetime import UTC, datetime

import orjson
from souk.commerce.v1 import store_order_service_pb2 as pb
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.customers import mailed_tokens
from services.commerce.customers.attempts import RESETS, RESETS_A_DAY, Attempts
from services.commerce.customers.own import own_customer
from services.commerce.models import CustomerOrder, OrderTransfer
from services.commerce.notices.code_mails import transfer_mail
from services.commerce.orders import queries
from services.kernel.call import names
from services.kernel.call.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
)
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.mail.mailer import Mailer

ORDER = "tenants/{tenant}/orders/{order}"
_TOKEN = "ordertransfer"  # noqa: S105 - a kind


class TransferMethods:
    _db: Database
    _attempts: Attempts
    _mailer: Mailer

    async def RequestOrderTransfer(
        self, request: pb.RequestOrderTransferRequest, _context: object
    ) -> pb.TransferredOrder:
        order_id, now = _order_id(request.name), datetime.now(UTC)
        async with self._db.tenant() as session:
            await own_customer(session)
            email = (await _existing(session, order_id)).email
        await self._attempts.count(f"transfer {email}", RESETS)
        await self._attempts.count(f"transfers of a day {email}", RESETS_A_DAY)
        self._mailer.refuse_when_full()
        token = mailed_tokens.new_token(_TOKEN)
        async with self._db.tenant() as session:
            customer = await own_customer(session)
            order = await _existing(session, order_id, lock=True)
            if order.customer_id == customer.customer_id:
                raise InvalidArgument("TRANSFER_NEEDLESS", "This order is already yours.")
            if order.customer_id is not None:
                raise _no_such_order(order_id)
            row = await queries.open_transfer(session, order_id)
            if row is not None and row.customer_id != customer.customer_id:
                raise AlreadyExists(
                    "TRANSFER_OPEN", "Another customer has asked for this order. Try again later."
                )
            before = _message(row) if row else None
            if row is None:
                row = OrderTransfer(
                    tenant_id=order.tenant_id,
                    transfer_id=names.new_id("ordch"),
                    order_id=order_id,
                    customer_id=customer.customer_id,
                    state="requested",
                    create_time=now,
                )
                session.add(row)
            row.token_hash, row.update_time = mailed_tokens.hashed(token), now
            await session.flush()
            audit.record(session, resource=request.name, before=before, after=_message(row))
        mail = transfer_mail(request.locale, request.shop_name, order.display_id, token)
        self._mailer.in_background(
            self._mailer.send(order.email, mail.subject, mail.text, mail.html)
        )
        return pb.TransferredOrder(document=order.document)

    async def CancelOrderTransfer(
        self, request: pb.CancelOrderTransferRequest, _context: object
    ) -> pb.TransferredOrder:
        order_id = _order_id(request.name)
        async with self._db.tenant() as session:
            customer = await own_customer(session)
            order = await _existing(session, order_id, lock=True)
            row = await queries.open_transfer(session, order_id)
            if row is None or row.customer_id != customer.customer_id:
                raise _not_open()
            _end(session, request.name, row, "canceled")
            return pb.TransferredOrder(document=order.document)

    async def AcceptOrderTransfer(
        self, request: pb.AcceptOrderTransferRequest, _context: object
    ) -> pb.TransferredOrder:
        order_id = _order_id(request.name)
        async with self._db.tenant() as session:
            order = await _existing(session, order_id, lock=True)
            row = await _asked_for(session, order_id, request.token)
            _end(session, request.name, row, "accepted")
            order.customer_id, order.update_time = row.customer_id, row.update_time
            # Amounts keep every digit.
            document = json.loads(order.document, parse_float=orjson.Fragment)
            order.document = orjson.dumps(document | {"customer_id": row.customer_id})
            return pb.TransferredOrder(document=order.document)

    async def DeclineOrderTransfer(
        self, request: pb.DeclineOrderTransferRequest, _context: object
    ) -> pb.TransferredOrder:
        order_id = _order_id(request.name)
        async with self._db.tenant() as session:
            order = await _existing(session, order_id, lock=True)
            row = await _asked_for(session, order_id, request.token)
            _end(session, request.name, row, "declined")
            return pb.TransferredOrder(document=order.document)


def _order_id(name: str) -> str:
    current_scope().require(name)
    return names.parse(name, ORDER)[1]


async def _existing(session: AsyncSession, order_id: str, *, lock: bool = False) -> CustomerOrder:
    order = await queries.order(session, order_id, lock=lock)
    if order is None:
        raise _no_such_order(order_id)
    return order


async def _asked_for(session: AsyncSession, order_id: str, token: str) -> OrderTransfer:
    """Reads the open request for an order, whose row is locked, if the token is its own.

    Raises:
        FailedPrecondition: TRANSFER_TOKEN_INVALID.
        InvalidArgument: TRANSFER_NOT_OPEN.
    """
    row = await queries.open_transfer(session, order_id)
    if row is None:
        raise _not_open()
    digest = mailed_tokens.digest(_TOKEN, token)
    if digest is None or not hmac.compare_digest(digest, row.token_hash):
        raise FailedPrecondition("TRANSFER_TOKEN_INVALID", "Invalid token.")
    return row


def _end(session: AsyncSession, name: str, row: OrderTransfer, state: str) -> None:
    before = _message(row)
    row.state, row.update_time = state, datetime.now(UTC)
    audit.record(session, resource=name, before=before, after=_message(row))


def _message(row: OrderTransfer) -> pb.OrderTransfer:
    return pb.OrderTransfer(
        name=f"tenants/{row.tenant_id}/orders/{row.order_id}/transfers/{row.transfer_id}",
        customer=f"tenants/{row.tenant_id}/customers/{row.customer_id}",
        state=row.state,
    )


def _no_such_order(order_id: str) -> NotFound:
    return NotFound("ORDER_NOT_FOUND", f"No such order: {order_id[:100]}")


def _not_open() -> InvalidArgument:
    return InvalidArgument("TRANSFER_NOT_OPEN", "Nobody has asked for this order.")
