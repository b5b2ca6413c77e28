"""Prices a cart: its lines, shipping methods, promotions and taxes, by rules alone."""

from dataclasses import dataclass
from typing import Any

from services.commerce.carts.content import CartContent
from services.commerce.markets.rules import Market
from services.commerce.pricing.lines import Line
from services.commerce.pricing.totals import CartTotals, cart_totals


@dataclass(frozen=True, slots=True)
class Priced:
    """What a cart costs, and the promotions that made it so."""

    totals: CartTotals
    promotions: tuple[dict[str, Any], ...] = ()


def priced(content: CartContent, market: Market) -> Priced:
    """Computes all totals of a cart."""
    items = [
        Line(item.id, 0 if item.reasons else item.unit_price, item.quantity, market.includes_tax)
        for item in content.items
    ]
    methods = [
        Line(method.id, method.amount, 1, method.is_tax_inclusive)
        for method in content.shipping_methods
    ]
    return Priced(cart_totals(items, methods))
