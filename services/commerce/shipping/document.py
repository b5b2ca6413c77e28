"""The document of a shipping option, as the shopper of a cart reads it."""

from collections.abc import Sequence
from typing import Any

import orjson

from services.commerce.carts.document import Amounts
from services.commerce.models import FulfillmentSet, ServiceZone, ShippingOption, StockLocation
from services.commerce.pricing.shipping import PriceType
from services.commerce.shipping.rules import Quoted
from services.commerce.shipping.stored import StoredPrice, StoredRule

_ADDRESS = (
    *("company", "address_1", "address_2", "city", "country_code", "province", "postal_code"),
    "phone",
)


def set_json(of_zone: FulfillmentSet, location: StockLocation | None) -> dict[str, Any]:
    """Makes what is told of the set that an option's zone is in."""
    return {
        "id": of_zone.set_id,
        "type": of_zone.type,
        "location": location and _location_json(location),
    }


def _location_json(location: StockLocation) -> dict[str, Any]:
    stored = location.address
    address = stored and {key: stored.get(key) or None for key in _ADDRESS}
    if address:
        address["country_code"] = address["country_code"].lower()
    return {"id": location.location_id, "name": location.name, "address": address}


def fixed_json(
    row: ShippingOption,
    zone: ServiceZone,
    fulfillment_set: dict[str, Any],
    rules: Sequence[StoredRule],
    prices: Sequence[StoredPrice],
) -> dict[str, Any]:
    """Makes what is the same for each cart."""
    return {
        "id": row.option_id,
        "name": row.name,
        "price_type": row.price_type,
        "service_zone_id": zone.zone_id,
        "service_zone": {
            "id": zone.zone_id,
            "name": zone.name,
            "fulfillment_set_id": fulfillment_set["id"],
            "fulfillment_set": fulfillment_set,
        },
        "shipping_profile_id": row.profile_id,
        "provider_id": row.provider_id,
        "provider": {"id": row.provider_id, "is_enabled": True},
        "type": row.type,
        "data": row.data,
        "rules": [{"id": rule.id, **_rule_json(rule)} for rule in rules],
        "prices": [
            {
                "id": price.id,
                "currency_code": price.currency_code.lower(),
                "amount": Amounts(price.currency_code)(price.amount),
                "price_rules": [_rule_json(rule) for rule in price.rules],
            }
            for price in prices
        ],
    }


def option_document(
    quoted: Quoted,
    currency_code: str,
    *,
    includes_tax: bool,
    is_short: bool,
    is_asked: bool = False,
) -> bytes:
    """Makes the document; its shape is StoreShippingOption.

    The price of a calculated option is only there for whoever asked for it.
    """
    amount = Amounts(currency_code)(quoted.amount)
    is_flat = quoted.option.rule.price_type is PriceType.FLAT
    price = {
        "calculated_amount": amount,
        "original_amount": amount,
        "currency_code": currency_code.lower(),
        "is_calculated_price_tax_inclusive": includes_tax,
    }
    is_priced = is_flat or is_asked
    return orjson.dumps(
        {
            **quoted.option.document,
            "amount": amount if is_priced else None,
            "is_tax_inclusive": includes_tax,
            "calculated_price": price if is_priced else None,
            "insufficient_inventory": is_short,
        }
    )


def _rule_json(rule: StoredRule) -> dict[str, Any]:
    [first, *others] = rule.values
    value = [first, *others] if others else first
    return {"attribute": rule.attribute, "operator": rule.operator.value, "value": value}
