"""Erases customers: nothing says any more who they were, and orders still say what was bought."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from souk.commerce.v1 import customer_service_pb2 as pb
from sqlalchemy import CursorResult, Delete, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.carts.content import Address, CartContent
from services.commerce.models import (
    Attempt,
    Cart,
    Customer,
    CustomerAddress,
    CustomerOrder,
    GroupMember,
    Identity,
    OrderTransfer,
    PasswordReset,
)
from services.commerce.orders.attempts import CLAIMED
from services.kernel.call.errors import Aborted
from services.kernel.data.arrays import among

_TEXTS = ("email", "first_name", "last_name", "company_name", "phone")
_ADDRESSES = ("shipping_address", "billing_address")


async def erase(session: AsyncSession, row: Customer, now: datetime) -> pb.CustomerErasure:
    """Erases a customer, whose row is locked; returns what was erased.

    Raises:
        Aborted: CUSTOMER_BUYING, a cart of theirs is about to be an order.
    """
    carts = select(Cart.cart_id).where(Cart.customer_id == row.customer_id).with_for_update()
    claimed = await session.scalar(
        select(Attempt.attempt_id)
        .where(among(Attempt.cart_id, await session.scalars(carts)), Attempt.state == CLAIMED)
        .limit(1)
    )
    if claimed is not None:
        raise Aborted("CUSTOMER_BUYING", "The customer is paying for a cart. Retry in a minute.")
    is_theirs = Identity.customer_id == row.customer_id
    identities = select(Identity.identity_id).where(is_theirs)
    await session.execute(delete(PasswordReset).where(PasswordReset.identity_id.in_(identities)))
    await session.execute(delete(Identity).where(is_theirs))
    await session.execute(delete(OrderTransfer).where(OrderTransfer.customer_id == row.customer_id))
    await session.execute(delete(GroupMember).where(GroupMember.customer_id == row.customer_id))
    receipt = pb.CustomerErasure(
        name=f"tenants/{row.tenant_id}/customers/{row.customer_id}",
        addresses=await _number(
            session, delete(CustomerAddress).where(CustomerAddress.customer_id == row.customer_id)
        ),
        carts=await _number(session, delete(Cart).where(Cart.customer_id == row.customer_id)),
    )
    orders = await session.scalars(
        select(CustomerOrder).where(CustomerOrder.customer_id == row.customer_id).with_for_update()
    )
    for order in orders:
        _erase_order(order, now)
        receipt.orders += 1
    for name in _TEXTS:
        setattr(row, name, "")
    row.extra, row.has_account = None, False
    row.erase_time = row.update_time = now
    receipt.erase_time.FromDatetime(now)
    return receipt


def _erase_order(order: CustomerOrder, now: datetime) -> None:
    """Leaves of an order what was bought, at which price, and in which country."""
    content = CartContent.model_validate(order.content)
    content.email, content.metadata = "", None
    for name in _ADDRESSES:
        address: Address | None = getattr(content, name)
        setattr(content, name, address and Address(country_code=address.country_code))
    for item in content.items:
        item.metadata = None
    order.content, order.email = content.model_dump(mode="json"), ""
    # Amounts keep every digit.
    document = json.loads(order.document, parse_float=orjson.Fragment)
    document |= {"email": "", "metadata": None}
    for address_json in _addresses(document):
        country = address_json["country_code"]
        address_json |= dict.fromkeys(address_json) | {"country_code": country}
    for item_json in document["items"]:
        item_json["metadata"] = None
    order.document, order.update_time = orjson.dumps(document), now


def _addresses(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (document[name] for name in _ADDRESSES if document[name] is not None)


async def _number(session: AsyncSession, statement: Delete) -> int:
    result = await session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0
