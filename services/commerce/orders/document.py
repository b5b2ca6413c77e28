"""The document of an order, made of the cart that it was."""

from typing import Any

import orjson

from services.commerce.carts.content import CartContent
from services.commerce.carts.document import Amounts, address_json, collection_json, shared_json
from services.commerce.markets.rules import Market
from services.commerce.models import CustomerOrder, Payment
from services.commerce.pricing.totals import CartTotals
from services.values.times import timestamp


def order_document(
    order: CustomerOrder,
    content: CartContent,
    market: Market,
    totals: CartTotals,
    payment: Payment,
) -> bytes:
    """Makes the document; its shape is StoreOrder of services/values/order_documents.py."""
    parent = {"order_id": order.order_id}
    return orjson.dumps(
        {
            "id": order.order_id,
            "display_id": order.display_id,
            "status": order.status,
            "payment_status": order.payment_status,
            "fulfillment_status": order.fulfillment_status,
            "customer_id": order.customer_id,
            "email": order.email,
            **shared_json(order.tenant_id, content, market, totals, parent=parent),
            "billing_address": address_json(content.billing_address or content.shipping_address),
            "payment_collections": [_collection(content, payment)],
            "created_at": timestamp(order.create_time),
            "updated_at": timestamp(order.update_time),
        }
    )


def placed_order(
    draft: bytes, order: CustomerOrder, content: CartContent, payment: Payment
) -> bytes:
    """Makes the document of an order that was drafted before it was paid."""
    return orjson.dumps(
        orjson.loads(draft)
        | {
            "display_id": order.display_id,
            "payment_status": order.payment_status,
            "payment_collections": [_collection(content, payment)],
            "created_at": timestamp(order.create_time),
            "updated_at": timestamp(order.update_time),
        }
    )


def _collection(content: CartContent, payment: Payment) -> dict[str, Any]:
    amounts = Amounts(payment.currency_code)
    return {
        **(collection_json(content) or {}),
        "payments": [
            {
                "id": payment.payment_id,
                "provider_id": payment.provider_id,
                "amount": amounts(payment.amount_minor),
                "currency_code": payment.currency_code.lower(),
                "captured_amount": amounts(payment.captured_minor),
                "refunded_amount": amounts(0),
                "data": {},
                "created_at": timestamp(payment.create_time),
            }
        ],
    }
