"""Converts rows to promotions as the rules of pricing know them."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.commerce import models
from services.commerce.pricing.conditions import Condition, Operator
from services.commerce.pricing.promotions import (
    Allocation,
    ApplicationMethod,
    Budget,
    BudgetType,
    Campaign,
    MethodType,
    Promotion,
    PromotionStatus,
    PromotionType,
    TargetType,
)


def promotion_of(row: models.Promotion, campaign: models.Campaign | None) -> Promotion:
    return Promotion(
        row.promotion_id,
        row.code,
        PromotionType(row.type),
        PromotionStatus(row.status),
        row.is_automatic,
        row.is_tax_inclusive,
        ApplicationMethod(
            MethodType(row.method_type),
            TargetType(row.target_type),
            Allocation(row.allocation),
            row.value,
            row.currency_code,
            row.max_quantity,
            _conditions(row.target_rules),
            _conditions(row.buy_rules),
            row.buy_rules_min_quantity,
            row.apply_to_quantity,
        ),
        _conditions(row.rules),
        _campaign(campaign) if campaign else None,
        row.most_uses,
    )


def _campaign(row: models.Campaign) -> Campaign:
    return Campaign(row.campaign_id, row.start_time, row.end_time, _budget(row))


def _budget(row: models.Campaign) -> Budget | None:
    if row.budget_type is None:
        return None
    return Budget(
        BudgetType(row.budget_type),
        row.budget_limit,
        0,
        row.budget_currency_code,
        row.budget_attribute,
    )


def _conditions(rules: Iterable[Mapping[str, Any]]) -> tuple[Condition, ...]:
    return tuple(
        Condition(rule["attribute"], Operator(rule["operator"]), tuple(rule["values"]))
        for rule in rules
    )
