"""What a promotion is, and whether it applies to a cart.

Everything that applies is stacked, in one order that depends neither on when promotions were
created nor on the order of codes:

1. buy-X-get-Y, 2. percentages, 3. fixed amounts; in each, the larger value first, then by code.

Each works on what the ones before have left of a line. Percentages come before amounts because this
takes more off, and because 20 % is then a share of the price that shoppers see.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from services.commerce.pricing.conditions import Condition, Context, all_hold


class PromotionType(StrEnum):
    STANDARD = "standard"
    BUYGET = "buyget"


class PromotionStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    INACTIVE = "inactive"


class MethodType(StrEnum):
    PERCENTAGE = "percentage"
    FIXED = "fixed"


class TargetType(StrEnum):
    ITEMS = "items"
    SHIPPING_METHODS = "shipping_methods"
    ORDER = "order"


class Allocation(StrEnum):
    EACH = "each"
    ACROSS = "across"
    ONCE = "once"


class BudgetType(StrEnum):
    SPEND = "spend"
    USAGE = "usage"
    SPEND_BY_ATTRIBUTE = "spend_by_attribute"
    USE_BY_ATTRIBUTE = "use_by_attribute"


@dataclass(frozen=True, slots=True)
class ApplicationMethod:
    """What a promotion takes off.

    `value` is percent, above 0 and at most 100, or a whole number of the smallest unit of
    `currency_code`. `max_quantity` counts units: of each line for `each`, of the cart for `once`
    and for buy-X-get-Y, where `buy_rules_min_quantity` units earn `apply_to_quantity`.
    """

    type: MethodType
    target_type: TargetType
    allocation: Allocation
    value: Decimal
    currency_code: str | None = None
    max_quantity: int | None = None
    target_rules: tuple[Condition, ...] = ()
    buy_rules: tuple[Condition, ...] = ()
    buy_rules_min_quantity: int = 0
    apply_to_quantity: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a campaign may give; None is without limit.

    For a budget by `attribute`, `used` is what this cart's customer has used, never the sum over
    all. One of amounts counts those of its currency.
    """

    type: BudgetType
    limit: int | None
    used: int
    currency_code: str | None = None
    attribute: str | None = None

    @property
    def is_spend(self) -> bool:
        """Whether it counts amounts; the others count promotions used."""
        return self.type in (BudgetType.SPEND, BudgetType.SPEND_BY_ATTRIBUTE)


@dataclass(frozen=True, slots=True)
class Campaign:
    """When promotions apply, from `starts_at` until before `ends_at`, and how often."""

    id: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    budget: Budget | None = None


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion; `limit` and `used` count orders."""

    id: str
    code: str
    type: PromotionType
    status: PromotionStatus
    is_automatic: bool
    is_tax_inclusive: bool
    method: ApplicationMethod
    rules: tuple[Condition, ...] = ()
    campaign: Campaign | None = None
    limit: int | None = None
    used: int = 0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides which promotions apply: codes are compared as they are written."""

    now: datetime
    currency_code: str
    codes: Collection[str]
    context: Context


def in_stacking_order(promotions: Iterable[Promotion]) -> list[Promotion]:
    """Sorts promotions as they are applied."""
    return sorted(promotions, key=_rank)


def _rank(promotion: Promotion) -> tuple[bool, bool, Decimal, str, str]:
    return (
        promotion.type is not PromotionType.BUYGET,
        promotion.method.type is not MethodType.PERCENTAGE,
        -promotion.method.value,
        promotion.code,
        promotion.id,
    )


def applies(promotion: Promotion, cart: Circumstances) -> bool:
    """Tells whether a promotion applies, before its targets and what its budget has left."""
    campaign = promotion.campaign
    return (
        promotion.status is PromotionStatus.ACTIVE
        and (promotion.is_automatic or promotion.code in cart.codes)
        and (promotion.limit is None or promotion.used < promotion.limit)
        and _is_in_currency(promotion.method, cart.currency_code)
        and (campaign is None or _is_running(campaign, cart.now))
        and _is_budgeted(campaign, cart.currency_code)
        and all_hold(promotion.rules, cart.context)
    )


def _is_in_currency(method: ApplicationMethod, currency_code: str) -> bool:
    if method.currency_code is None:
        # A number without a currency is no amount: 10 is 10 euros, or 10 yen.
        return method.type is MethodType.PERCENTAGE
    return method.currency_code == currency_code


def _is_budgeted(campaign: Campaign | None, currency_code: str) -> bool:
    currency = campaign and campaign.budget and campaign.budget.currency_code
    return currency in (None, currency_code)


def _is_running(campaign: Campaign, now: datetime) -> bool:
    begun = campaign.starts_at is None or campaign.starts_at <= now
    return begun and (campaign.ends_at is None or now < campaign.ends_at)
