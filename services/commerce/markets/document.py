"""Regions as JSON in Medusa's shape."""

from typing import Any

import orjson

from services.commerce.markets.rules import Market
from services.values.countries import country_of_region


def region_json(market: Market) -> dict[str, Any]:
    """Makes a cart's region; its shape is MarketRegion of services/values/cart_documents.py."""
    return {
        "id": market.id,
        "name": market.name,
        "currency_code": market.currency_code.lower(),
        "automatic_taxes": market.automatic_taxes,
        "countries": [country_of_region(code, market.id) for code in market.countries],
    }


def region_document(market: Market) -> bytes:
    """Makes a region by itself; its shape is StoreRegion of services/values/market_documents.py."""
    return orjson.dumps(
        {
            **region_json(market),
            "is_tax_inclusive": market.includes_tax,
            "payment_providers": [
                {"id": provider, "is_enabled": True} for provider in market.payment_providers
            ],
            "metadata": market.metadata,
        }
    )
