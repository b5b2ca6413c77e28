"""The document of a cart, made of its content and its totals."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from services.commerce.carts.content import (
    Address,
    CartContent,
    Item,
    ShippingMethod,
)
from services.commerce.carts.priced import Priced
from services.commerce.markets.rules import Market
from services.commerce.pricing.totals import CartTotals, LineTotals
from services.values.countries import name_of
from services.values.money import json_number

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


def cart_document(
    *,
    cart_id: str,
    tenant: str,
    customer_id: str | None,
    content: CartContent,
    market: Market,
    priced: Priced,
    created_at: datetime,
    updated_at: datetime,
    completed_at: datetime | None = None,
) -> bytes:
    """Makes the document; its shape is StoreCart of services/values/cart_documents.py."""
    amounts = Amounts(content.currency_code)
    currency = content.currency_code.lower()
    items = zip(content.items, priced.totals.items, strict=True)
    methods = zip(content.shipping_methods, priced.totals.shipping_methods, strict=True)
    return orjson.dumps(
        {
            "id": cart_id,
            "region_id": market.id,
            "region": region_json(market),
            "currency_code": currency,
            "customer_id": customer_id,
            "sales_channel_id": f"sc_{tenant}",
            "email": content.email or None,
            "locale": content.locale or None,
            "items": [
                item_json(item, totals, amounts, includes_tax=market.includes_tax)
                | {"cart_id": cart_id}
                for item, totals in items
            ],
            "shipping_methods": [method_json(m, totals, amounts) for m, totals in methods],
            "shipping_address": address_json(content.shipping_address),
            "billing_address": address_json(content.billing_address),
            "promotions": list(priced.promotions),
            "payment_collection": collection_json(content),
            "metadata": content.metadata,
            "completed_at": completed_at and timestamp(completed_at),
            "created_at": timestamp(created_at),
            "updated_at": timestamp(updated_at),
            **amounts.of_cart(priced.totals),
        }
    )


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
        "compare_at_unit_price": None,
        "is_tax_inclusive": includes_tax,
        "is_discountable": quote.discountable,
        "is_giftcard": quote.is_giftcard,
        "is_custom_price": False,
        "requires_shipping": not quote.is_giftcard,
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
        "tax_lines": tax_lines_json(item.id, totals, amounts),
        "adjustments": adjustments_json(item.id, totals, amounts),
        "metadata": item.metadata,
        "created_at": timestamp(item.created_at),
        "updated_at": timestamp(item.updated_at),
        "variant": variant,
        "product": product,
        **amounts.of_line(totals),
    }


def method_json(method: ShippingMethod, totals: LineTotals, amounts: Amounts) -> dict[str, Any]:
    return {
        "id": method.id,
        "name": method.name,
        "description": method.description or None,
        "amount": amounts(method.amount),
        "is_tax_inclusive": method.is_tax_inclusive,
        "shipping_option_id": method.shipping_option_id,
        "data": method.data,
        "tax_lines": tax_lines_json(method.id, totals, amounts),
        "adjustments": adjustments_json(method.id, totals, amounts),
        "metadata": method.metadata,
        "created_at": timestamp(method.created_at),
        "updated_at": timestamp(method.updated_at),
        **amounts.of_line(totals),
    }


def tax_lines_json(line_id: str, totals: LineTotals, amounts: Amounts) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{line_id}_{line.rate.id}",
            "code": line.rate.code,
            "rate": orjson.Fragment(format(line.rate.percent.normalize(), "f")),
            "description": line.rate.name,
            "provider_id": "tp_system",
            "tax_rate_id": line.rate.id,
            "total": amounts(line.total),
            "subtotal": amounts(line.subtotal),
        }
        for line in totals.tax_lines
    ]


def adjustments_json(line_id: str, totals: LineTotals, amounts: Amounts) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{line_id}_{taken.adjustment.promotion_id}",
            "amount": amounts(taken.adjustment.amount_minor),
            "code": taken.adjustment.code or None,
            "promotion_id": taken.adjustment.promotion_id,
            "is_tax_inclusive": taken.adjustment.is_tax_inclusive,
        }
        for taken in totals.adjustments
    ]


def region_json(market: Market) -> dict[str, Any]:
    return {
        "id": market.id,
        "name": market.name,
        "currency_code": market.currency_code.lower(),
        "automatic_taxes": market.automatic_taxes,
        "countries": list(_countries(market)),
    }


def _countries(market: Market) -> Iterable[dict[str, str]]:
    for code in market.countries:
        name = name_of(code)
        yield {
            "iso_2": code.lower(),
            "name": name.upper(),
            "display_name": name,
            "region_id": market.id,
        }


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


def timestamp(at: datetime) -> str:
    """Formats a time like JavaScript: UTC, milliseconds, Z."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
