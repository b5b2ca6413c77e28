"""What promotions may ask of a cart, how codes are compared, and what an order uses up."""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.commerce.pricing.promotions import Budget, Promotion

LONGEST_CODE = 100
MOST_CODES = 20
"""How many codes a cart has at most."""
MOST_PROMOTIONS = 10_000
MOST_CAMPAIGNS = 1_000
MOST_AUTOMATIC = 100
"""How many active promotions without a code a tenant has at most: each cart looks at all."""

CART_ATTRIBUTES = (
    *("currency_code", "customer.groups.id", "customer.id", "item_total", "region.id"),
    *("sales_channel_id", "shipping_address.country_code"),
)
LINE_ATTRIBUTES = (
    *("items.product.categories.id", "items.product.collection_id", "items.product.id"),
    *("items.product.tags.id", "items.product.type_id", "items.variant_id"),
)
CUSTOMER_ID = "customer_id"
CUSTOMER_EMAIL = "customer_email"
BUDGET_ATTRIBUTES = (CUSTOMER_ID, CUSTOMER_EMAIL)


def code_key(code: str) -> str:
    """Returns what codes are compared by: neither case nor width nor surrounding space counts."""
    # Cut, because composing takes long for a long text; what is cut is still too long.
    text = unicodedata.normalize("NFKC", code.strip()[: 4 * LONGEST_CODE])
    return unicodedata.normalize("NFKC", text.casefold()).strip()


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """So much of a promotion or a budget; `holder` is empty, or whom a budget is counted for."""

    counted_id: str
    holder: str
    amount: int
    limit: int | None = None


def holder_of(budget: Budget, attributes: Mapping[str, str]) -> str | None:
    """Returns whom a budget is counted for: everybody together is empty, None nobody yet.

    A digest, so that the counters hold no address.
    """
    if budget.attribute is None:
        return ""
    value = attributes.get(budget.attribute, "")
    return hashlib.sha256(f"{budget.attribute}={value}".encode()).hexdigest() if value else None


def uses(
    promotions: Iterable[Promotion], given: Mapping[str, int], attributes: Mapping[str, str]
) -> list[Use]:
    """Returns what an order uses up that was given so much by promotions, by their ids.

    Promotions by code count orders; a budget counts amounts, or promotions. Sorted, each counter
    once: transactions that take them one after the other never wait for each other in a circle.
    """
    amounts: dict[tuple[str, str], tuple[int, int | None]] = {}
    for promotion in promotions:
        if promotion.id not in given:
            continue
        if not promotion.is_automatic:
            amounts[promotion.id, ""] = 1, promotion.limit
        campaign = promotion.campaign
        if campaign and campaign.budget:
            key = campaign.id, holder_of(campaign.budget, attributes) or ""
            cost = given[promotion.id] if campaign.budget.is_spend else 1
            amounts[key] = amounts.get(key, (0, None))[0] + cost, campaign.budget.limit
    return sorted(Use(*key, amount, limit) for key, (amount, limit) in amounts.items())
