"""The document of an order, made of the cart that it was."""

from typing import Any

import orjson

from services.commerce.carts.content import CartContent
from services.commerce.carts.document import (
    Amounts,
    address_json,
    collection_json,
    item_json,
    method_json,
    region_json,
    timestamp,
)
from services.commerce.carts.priced import Priced
from services.commerce.markets.rules import Market
from services.commerce.models import CustomerOrder, Payment


def order_document(
    order: CustomerOrder, content: CartContent, market: Market, priced: Priced, payment: Payment
) -> bytes:
    """Makes the document; its shape is StoreOrder of services/values/order_documents.py."""
    amounts = Amounts(order.currency_code)
    items = zip(content.items, priced.totals.items, strict=True)
    methods = zip(content.shipping_methods, priced.totals.shipping_methods, strict=True)
    return orjson.dumps(
        {
            "id": order.order_id,
            "display_id": order.display_id,
            "status": order.status,
            "payment_status": order.payment_status,
            "fulfillment_status": order.fulfillment_status,
            "region_id": market.id,
            "region": region_json(market),
            "currency_code": order.currency_code.lower(),
            "customer_id": order.customer_id,
            "sales_channel_id": f"sc_{order.tenant_id}",
            "email": order.email,
            "locale": content.locale or None,
            "items": [
                item_json(item, totals, amounts, includes_tax=market.includes_tax)
                | {"order_id": order.order_id}
                for item, totals in items
            ],
            "shipping_methods": [method_json(m, totals, amounts) for m, totals in methods],
            "shipping_address": address_json(content.shipping_address),
            "billing_address": address_json(content.billing_address or content.shipping_address),
            "payment_collections": [_collection(content, amounts, payment)],
            "metadata": content.metadata,
            "created_at": timestamp(order.create_time),
            "updated_at": timestamp(order.update_time),
            **amounts.of_cart(priced.totals),
        }
    )


def _collection(content: CartContent, amounts: Amounts, payment: Payment) -> dict[str, Any]:
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
