"""Promotions and their circumstances in few words."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import strategies as st

from services.commerce.pricing.conditions import Condition, Operator
from services.commerce.pricing.open_lines import Target
from services.commerce.pricing.promotions import (
    Allocation,
    ApplicationMethod,
    Circumstances,
    MethodType,
    Promotion,
    PromotionStatus,
    PromotionType,
    TargetType,
)
from tests.commerce.pricing.builders import line

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def cart(*codes, now=NOW, currency="EUR", **context):
    return Circumstances(now, currency, codes, context)


def promotion(
    value,
    target="items",
    allocation="across",
    *,
    fixed=False,
    code="PROMO",
    incl=False,
    currency="EUR",
    status="active",
    automatic=True,
    get=0,
    buy=0,
    rules=(),
    campaign=None,
    limit=None,
    used=0,
    **method,
) -> Promotion:
    return Promotion(
        code.lower(),
        code,
        PromotionType.BUYGET if get else PromotionType.STANDARD,
        PromotionStatus(status),
        automatic,
        incl,
        ApplicationMethod(
            MethodType.FIXED if fixed else MethodType.PERCENTAGE,
            TargetType(target),
            Allocation(allocation),
            Decimal(str(value)),
            currency if fixed else None,
            apply_to_quantity=get,
            buy_rules_min_quantity=buy,
            **method,
        ),
        rules,
        campaign,
        limit,
        used,
    )


def where(attribute, operator, *values) -> tuple[Condition, ...]:
    return (Condition(attribute, Operator(operator), values),)


def target(price, quantity=1, tax=0, *, incl=False, name="line", discountable=True, **context):
    sold = line(price, quantity, tax, incl=incl, name=name)
    return Target(sold, {key: (value,) for key, value in context.items()}, discountable)


@st.composite
def promotions(draw):
    """Lists of promotions of every kind, each with a code of its own."""
    found = []
    for n in range(draw(st.integers(0, 5))):
        fixed = draw(st.booleans())
        buyget = draw(st.booleans())
        chosen = draw(st.sampled_from(["items", "shipping_methods", "order"]))
        allocation = draw(st.sampled_from(["each", "across", "once"]))
        value = draw(st.integers(1, 10**6)) if fixed else draw(st.sampled_from([100, 50, 33, 7.5]))
        found.append(
            promotion(
                value,
                chosen,
                allocation,
                fixed=fixed,
                code=f"P{n}",
                incl=draw(st.booleans()),
                get=draw(st.integers(1, 3)) if buyget else 0,
                buy=draw(st.integers(1, 3)),
                max_quantity=draw(st.integers(1, 9)),
            )
        )
    return found
