"""Gives a cart what promotions take off, and keeps in it what that was."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain

from services.commerce.carts.content import (
    AppliedPromotion,
    CartContent,
    Item,
    ItemAdjustment,
    PromotionUse,
)
from services.commerce.pricing.conditions import Context
from services.commerce.pricing.discounts import Discounted, apply_promotions
from services.commerce.pricing.lines import Adjustment, Line
from services.commerce.pricing.open_lines import Target
from services.commerce.pricing.promotions import Circumstances, Promotion
from services.commerce.promotions.rules import CUSTOMER_EMAIL, CUSTOMER_ID, Use, uses
from services.values.emails import canonical_email
from services.values.money import major


def apply(
    promotions: Sequence[Promotion],
    content: CartContent,
    items: Iterable[Line],
    shipping: Sequence[Line] = (),
    *,
    region_id: str,
    customer_id: str | None,
    group_ids: Sequence[str],
    tenant: str,
    now: datetime,
) -> Discounted:
    """Applies promotions to the priced lines of a cart, and writes into it what each took off.

    `shipping` are those of its methods; without them, it is as if it had none.
    """
    lines = list(items)
    circumstances = Circumstances(
        now,
        content.currency_code,
        {promotion.code for promotion in promotions},
        _context(
            content,
            lines,
            region_id=region_id,
            customer_id=customer_id,
            group_ids=group_ids,
            tenant=tenant,
        ),
    )
    targets = [
        Target(line, _item_context(item), item.quote.discountable and not item.quote.is_giftcard)
        for item, line in zip(content.items, lines, strict=True)
    ]
    methods = [Target(line, {}, is_discountable=True) for line in shipping]
    discounted = apply_promotions(promotions, circumstances, targets, methods)
    for item, line in zip(content.items, discounted.items, strict=True):
        item.adjustments = [_kept(adjustment) for adjustment in line.adjustments]
    for method, line in zip(content.shipping_methods, discounted.shipping_methods, strict=False):
        method.adjustments = [_kept(adjustment) for adjustment in line.adjustments]
    by_id = {promotion.id: promotion for promotion in promotions}
    content.promotions = [_applied(by_id[id_]) for id_ in discounted.promotion_ids]
    return discounted


def uses_of(
    promotions: Iterable[Promotion], content: CartContent, customer_id: str | None
) -> list[Use]:
    """Returns what an order of a cart that these were applied to uses up."""
    given = Counter({promotion.id: 0 for promotion in content.promotions})
    lines = [item.adjustments for item in content.items]
    methods = [method.adjustments for method in content.shipping_methods]
    for adjustment in chain.from_iterable([*lines, *methods]):
        given[adjustment.promotion_id] += adjustment.amount
    return uses(promotions, given, attributes_of(content, customer_id))


def attributes_of(content: CartContent, customer_id: str | None) -> dict[str, str]:
    """Returns by what budgets tell customers apart; empty is not known yet."""
    return {CUSTOMER_ID: customer_id or "", CUSTOMER_EMAIL: canonical_email(content.email)}


def kept_uses(taken: Iterable[Use]) -> list[PromotionUse]:
    """Returns what was taken as an order keeps it, to give it back."""
    return [
        PromotionUse(counted_id=use.counted_id, holder=use.holder, amount=use.amount)
        for use in taken
    ]


def taken_uses(content: CartContent) -> list[Use]:
    """Returns what a cart keeps of what was taken, to give it back."""
    return [Use(use.counted_id, use.holder, use.amount) for use in content.promotion_uses]


def _context(
    content: CartContent,
    lines: Sequence[Line],
    *,
    region_id: str,
    customer_id: str | None,
    group_ids: Sequence[str],
    tenant: str,
) -> Context:
    """Returns what rules know of a cart; `item_total` is before discounts, in major units."""
    address = content.shipping_address
    total = sum(line.unit_price_minor * line.quantity for line in lines)
    return {
        "currency_code": (content.currency_code.lower(),),
        "region.id": (region_id,),
        "sales_channel_id": (f"sc_{tenant}",),
        "customer.id": (customer_id,) if customer_id else (),
        "customer.groups.id": tuple(group_ids),
        "shipping_address.country_code": (
            (address.country_code.lower(),) if address and address.country_code else ()
        ),
        "item_total": (str(major(total, content.currency_code)),),
    }


def _item_context(item: Item) -> Context:
    """Returns what rules know of a line; nothing of one that cannot be bought."""
    if item.reasons:
        return {}
    quote = item.quote
    return {
        "items.variant_id": (item.variant_id,),
        "items.product.id": (quote.product_id,),
        "items.product.type_id": _known(quote.product_type_id),
        "items.product.collection_id": _known(quote.collection_id),
        "items.product.categories.id": tuple(quote.category_ids),
        "items.product.tags.id": tuple(quote.tag_ids),
    }


def _known(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def adjustments(item: Item) -> tuple[Adjustment, ...]:
    """Returns what promotions took off a line when the cart was last priced."""
    return tuple(
        Adjustment(each.amount, each.is_tax_inclusive, each.promotion_id, each.code)
        for each in item.adjustments
    )


def _kept(adjustment: Adjustment) -> ItemAdjustment:
    return ItemAdjustment(
        amount=adjustment.amount_minor,
        is_tax_inclusive=adjustment.is_tax_inclusive,
        promotion_id=adjustment.promotion_id,
        code=adjustment.code,
    )


def _applied(promotion: Promotion) -> AppliedPromotion:
    method = promotion.method
    return AppliedPromotion(
        id=promotion.id,
        code=promotion.code,
        is_automatic=promotion.is_automatic,
        type=method.type.value,
        value=Decimal(method.value),
        currency_code=method.currency_code or "",
    )
