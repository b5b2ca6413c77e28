"""Finds the promotions that a cart may be given: automatic ones, and those of its codes."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from services.commerce.carts.open_cart import OpenCart
from services.commerce.pricing.promotions import Promotion, PromotionStatus
from services.commerce.promotions import queries
from services.commerce.promotions.applying import attributes_of
from services.commerce.promotions.rows import promotion_of
from services.commerce.promotions.rules import CUSTOMER_ID, holder_of
from services.kernel.call.errors import invalid
from services.kernel.data.acts import Act

# Of a promotion or budget: its id, and whom it is counted for.
_Counter = tuple[str, str]


async def promotions_of(act: Act, cart: OpenCart) -> list[Promotion]:
    """Reads what may apply to a cart as it is now, with what others have used of it.

    Raises:
        InvalidArgument: PROMOTION_UNKNOWN, a code that was just added has no active promotion.
    """
    found = [*cart.setup.promotions, *await _by_code(act, cart)]
    attributes = attributes_of(cart.content, cart.row.customer_id)
    known = {promotion.id: promotion for promotion in found if _may_count(promotion, attributes)}
    counters = {c for promotion in known.values() for c in _counters(promotion, attributes)}
    used: dict[_Counter, int] = {}
    if counters:
        used = await queries.used(act, {id_ for id_, _ in counters}, {h for _, h in counters})
    return [_with_uses(promotion, used, attributes) for promotion in known.values()]


async def _by_code(act: Act, cart: OpenCart) -> list[Promotion]:
    """Reads the promotions of the cart's codes, and forgets codes that are no longer there."""
    keys = cart.content.promo_codes
    if not keys:
        return []
    rows = await queries.by_code(act, keys)
    found = {row.code_key: promotion_of(row, campaign) for row, campaign in rows}
    active = {key for key, p in found.items() if p.status is PromotionStatus.ACTIVE}
    if unknown := set(keys) - set(cart.codes_before) - active:
        text = f"{min(unknown)[:50]!r} is no promotion of this shop"
        raise invalid("PROMOTION_UNKNOWN", {"promo_codes": text})
    cart.content.promo_codes = [key for key in keys if key in found]
    return list(found.values())


def _may_count(promotion: Promotion, attributes: Mapping[str, str]) -> bool:
    """Tells whether a budget by customer can be counted: a guest has no account to count by.

    By e-mail address it applies until the address is known, which each order needs.
    """
    budget = promotion.campaign.budget if promotion.campaign else None
    return budget is None or budget.attribute != CUSTOMER_ID or bool(attributes[CUSTOMER_ID])


def _counters(promotion: Promotion, attributes: Mapping[str, str]) -> Iterator[_Counter]:
    """Yields the counters that limit a promotion."""
    if promotion.limit is not None:
        yield promotion.id, ""
    campaign = promotion.campaign
    if campaign and campaign.budget and campaign.budget.limit is not None:
        yield campaign.id, holder_of(campaign.budget, attributes) or ""


def _with_uses(
    promotion: Promotion, used: dict[_Counter, int], attributes: Mapping[str, str]
) -> Promotion:
    campaign = promotion.campaign
    if campaign and campaign.budget:
        holder = holder_of(campaign.budget, attributes)
        budget_used = 0 if holder is None else used.get((campaign.id, holder), 0)
        campaign = replace(campaign, budget=replace(campaign.budget, used=budget_used))
    return replace(promotion, used=used.get((promotion.id, ""), 0), campaign=campaign)
