"""The document of a cart, made of its content and its totals."""

from collections.abc import Sequence
from typing import Any

import orjson

from services.commerce.carts.content import (
    Address,
    AppliedPromotion,
    CartContent,
    Item,
    ItemAdjustment,
    ShippingMethod,
)
from services.commerce.markets.document import region_json
from services.commerce.markets.rules import Market
from services.commerce.models import Cart
from services.commerce.pricing.promotions import MethodType
from services.commerce.pricing.totals import CartTotals, LineTotals
from services.commerce.taxes.rules import PROVIDER
from services.values.money import json_number
from services.values.times import timestamp

_LINE_TOTALS = (
    *("subtotal", "tax_total", "total"),
    *("discount_subtotal", "discount_tax_total", "discount_total"),
    *("original_subtotal", "original_tax_total", "original_total"),
)
_CART_TOTALS = (
    *_LINE_TOTALS,
    *("item_subtotal", "item_tax_total", "item_total", "item_discount_total"),
    *("original_item_subtotal", "original_item_tax_total", "original_item_total"),
    *("shipping_subtotal", "shipping_tax_total", "shipping_total", "shipping_discount_total"),
    *("original_shipping_subtotal", "original_shipping_tax_total", "original_shipping_total"),
    *("credit_line_total", "gift_card_total"),
)


class Amounts:
    """Writes amounts of one currency as JSON numbers in major units."""

    def __init__(self, currency_code: str) -> None:
        self._currency = currency_code

    def __call__(self, minor: int) -> orjson.Fragment:
        return orjson.Fragment(json_number(minor, self._currency))

    def of_line(self, totals: LineTotals) -> dict[str, Any]:
        return {name: self(getattr(totals, name)) for name in _LINE_TOTALS}

    def of_cart(self, totals: CartTotals) -> dict[str, Any]:
        amounts = {name: self(getattr(totals, name)) for name in _CART_TOTALS}
        return amounts | {"gift_card_tax_total": self(0)}


def cart_document(row: Cart, content: CartContent, market: Market, totals: CartTotals) -> bytes:
    """Makes the document; its shape is StoreCart of services/values/cart_documents.py."""
    return orjson.dumps(
        {
            "id": row.cart_id,
            "customer_id": row.customer_id,
            "email": content.email or None,
            **shared_json(row.tenant_id, content, market, totals, parent={"cart_id": row.cart_id}),
            "billing_address": address_json(content.billing_address),
            "payment_collection": collection_json(content),
            "completed_at": row.complete_time and timestamp(row.complete_time),
            "created_at": timestamp(row.create_time),
            "updated_at": timestamp(row.update_time),
        }
    )


def completed_cart(row: Cart, content: CartContent) -> bytes:
    """Makes the document of a cart that has just become an order, of what it was until then."""
    completed_at = row.complete_time and timestamp(row.complete_time)
    return orjson.dumps(
        orjson.loads(cart_with_payment(row, content)) | {"completed_at": completed_at}
    )


def cart_with_payment(row: Cart, content: CartContent) -> bytes:
    """Makes the document of a cart in which only the payment has changed."""
    changed = {
        "payment_collection": collection_json(content),
        "updated_at": timestamp(row.update_time),
    }
    return orjson.dumps(orjson.loads(row.document) | changed)


def shared_json(
    tenant: str,
    content: CartContent,
    market: Market,
    totals: CartTotals,
    *,
    parent: dict[str, str],
) -> dict[str, Any]:
    """Makes what the documents of a cart and of its order share; `parent` is named in each line."""
    amounts = Amounts(content.currency_code)
    return {
        "region_id": market.id,
        "region": region_json(market),
        "currency_code": content.currency_code.lower(),
        "sales_channel_id": f"sc_{tenant}",
        "locale": content.locale or None,
        "items": [
            item_json(item, of_line, amounts, includes_tax=market.includes_tax) | parent
            for item, of_line in zip(content.items, totals.items, strict=True)
        ],
        "shipping_methods": [
            method_json(method, of_method, amounts, includes_tax=market.includes_tax) | parent
            for method, of_method in zip(
                content.shipping_methods, totals.shipping_methods, strict=True
            )
        ],
        "promotions": [promotion_json(each, content.currency_code) for each in content.promotions],
        "shipping_address": address_json(content.shipping_address),
        "metadata": content.metadata,
        **amounts.of_cart(totals),
    }


def item_json(
    item: Item, totals: LineTotals, amounts: Amounts, *, includes_tax: bool
) -> dict[str, Any]:
    quote = item.quote
    product = {
        "id": quote.product_id,
        "title": quote.product_title,
        "subtitle": quote.product_subtitle or None,
        "description": quote.product_description or None,
        "handle": quote.product_handle,
        "thumbnail": quote.thumbnail or None,
        "collection_id": quote.collection_id or None,
        "type_id": quote.product_type_id or None,
    }
    variant = {
        "id": item.variant_id,
        "product_id": quote.product_id,
        "title": quote.variant_title,
        "sku": quote.sku or None,
        "barcode": quote.barcode or None,
        "manage_inventory": quote.manage_inventory,
        "allow_backorder": quote.allow_backorder,
        "product": product,
    }
    return {
        "id": item.id,
        "title": quote.product_title,
        "subtitle": quote.variant_title,
        "thumbnail": quote.thumbnail or None,
        "quantity": item.quantity,
        "unit_price": amounts(item.unit_price),
        "compare_at_unit_price": amounts(item.compare_at) if item.compare_at else None,
        "is_tax_inclusive": includes_tax,
        "is_discountable": quote.discountable,
        "is_giftcard": quote.is_giftcard,
        "is_custom_price": False,
        "requires_shipping": quote.requires_shipping,
        "variant_id": item.variant_id,
        "variant_title": quote.variant_title,
        "variant_sku": quote.sku or None,
        "variant_barcode": quote.barcode or None,
        "variant_option_values": quote.options,
        "product_id": quote.product_id,
        "product_title": quote.product_title,
        "product_subtitle": quote.product_subtitle or None,
        "product_description": quote.product_description or None,
        "product_handle": quote.product_handle,
        "product_collection": quote.collection_id or None,
        "product_type": quote.product_type or None,
        "product_type_id": quote.product_type_id or None,
        "unavailable_reasons": item.reasons,
        "tax_lines": tax_lines_json(totals, amounts),
        "adjustments": adjustments_json("caliadj", item.id, item.adjustments, amounts),
        "metadata": item.metadata,
        "created_at": timestamp(item.created_at),
        "updated_at": timestamp(item.updated_at),
        "variant": variant,
        "product": product,
        **amounts.of_line(totals),
    }


def method_json(
    method: ShippingMethod, totals: LineTotals, amounts: Amounts, *, includes_tax: bool
) -> dict[str, Any]:
    return {
        "id": method.id,
        "name": method.name,
        "description": None,
        "amount": amounts(method.amount),
        "is_tax_inclusive": includes_tax,
        "shipping_option_id": method.option_id,
        "data": method.data,
        "tax_lines": tax_lines_json(totals, amounts),
        "adjustments": adjustments_json("casmadj", method.id, method.adjustments, amounts),
        "metadata": None,
        "created_at": timestamp(method.created_at),
        "updated_at": timestamp(method.updated_at),
        **amounts.of_line(totals),
    }


def adjustment_id(prefix: str, line_id: str, promotion_id: str) -> str:
    """Makes the id of what a promotion takes off a line: the same each time it is applied."""
    return "_".join((prefix, *(id_.rpartition("_")[2] for id_ in (line_id, promotion_id))))


def adjustments_json(
    prefix: str, line_id: str, adjustments: Sequence[ItemAdjustment], amounts: Amounts
) -> list[dict[str, Any]]:
    """Shows what promotions take off a line."""
    return [
        {
            "id": adjustment_id(prefix, line_id, each.promotion_id),
            "amount": amounts(each.amount),
            "code": each.code,
            "promotion_id": each.promotion_id,
            "is_tax_inclusive": each.is_tax_inclusive,
        }
        for each in adjustments
    ]


def promotion_json(promotion: AppliedPromotion, currency_code: str) -> dict[str, Any]:
    """Makes what a document says of a promotion; only an amount has a currency."""
    is_amount = promotion.type == MethodType.FIXED
    number = (
        json_number(int(promotion.value), currency_code)
        if is_amount
        else f"{promotion.value.normalize():f}"
    )
    return {
        "id": promotion.id,
        "code": promotion.code,
        "is_automatic": promotion.is_automatic,
        "application_method": {
            "type": promotion.type,
            "value": orjson.Fragment(number),
            "currency_code": promotion.currency_code.lower() or None,
        },
    }


def tax_lines_json(totals: LineTotals, amounts: Amounts) -> list[dict[str, Any]]:
    """Shows which tax is in a line's price, rate by rate."""
    return [
        {
            "id": f"{totals.id}.{line.rate.id}",
            "code": line.rate.code,
            "rate": orjson.Fragment(f"{line.rate.percent.normalize():f}"),
            "name": line.rate.name,
            "description": line.rate.name,
            "provider_id": PROVIDER,
            "tax_rate_id": line.rate.id,
            "subtotal": amounts(line.subtotal),
            "total": amounts(line.total),
        }
        for line in totals.tax_lines
    ]


def address_json(address: Address | None) -> dict[str, Any] | None:
    if address is None:
        return None
    texts = address.model_dump(exclude={"metadata"})
    return {name: text or None for name, text in texts.items()} | {
        "country_code": address.country_code.lower() or None,
        "metadata": address.metadata,
    }


def collection_json(content: CartContent) -> dict[str, Any] | None:
    collection = content.payment_collection
    if collection is None:
        return None
    amounts, currency = Amounts(content.currency_code), content.currency_code.lower()
    return {
        "id": collection.id,
        "amount": amounts(collection.amount),
        "currency_code": currency,
        "status": collection.status,
        "payment_sessions": [
            {
                "id": session.id,
                "provider_id": session.provider_id,
                "amount": amounts(session.amount),
                "currency_code": currency,
                "status": session.status,
                "data": session.data,
            }
            for session in collection.sessions
        ],
    }
