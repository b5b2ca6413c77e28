"""Checks promotions of callers, and returns them as they are stored."""

import unicodedata
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from souk.commerce.v1 import promotion_service_pb2 as pb

from services.commerce.promotions.rules import (
    CART_ATTRIBUTES,
    LINE_ATTRIBUTES,
    code_key,
)
from services.kernel.call import names
from services.kernel.call.errors import invalid
from services.kernel.call.limits import most_entries
from services.values.money import CURRENCIES, MOST_MINOR

MOST_QUANTITY = 1_000_000
_PLACES_OF_PERCENT = 4
_P = pb.Promotion
_COMPARISONS = (
    pb.PromotionRule.OPERATOR_GT,
    pb.PromotionRule.OPERATOR_GTE,
    pb.PromotionRule.OPERATOR_LT,
    pb.PromotionRule.OPERATOR_LTE,
)

Problems = Iterator[tuple[str, str]]


def checked(requested: pb.Promotion) -> pb.Promotion:
    """Returns a promotion as it is stored: with a status and an allocation, its rules with ids.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
    """
    result = pb.Promotion()
    result.CopyFrom(requested)
    result.code = unicodedata.normalize("NFC", requested.code.strip())
    if result.status == _P.STATUS_UNSPECIFIED:
        result.status = _P.STATUS_DRAFT
    if result.target_type == _P.TARGET_TYPE_ORDER and not result.allocation:
        result.allocation = _P.ALLOCATION_ACROSS
    if violations := dict(_problems(result)):
        raise invalid("FIELD_INVALID", violations)
    result.value = f"{Decimal(result.value).normalize():f}"
    for rules in (result.rules, result.target_rules, result.buy_rules):
        for rule in rules:
            rule.id = rule.id or names.new_id("prorul")
    return result


def decimal_of(text: str, *, places: int) -> Decimal | None:
    """Reads a positive number of at most so many decimal places; None for anything else."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or number <= 0 or number.adjusted() > len(str(MOST_MINOR)):
        return None
    exponent = number.normalize().as_tuple().exponent
    return number if isinstance(exponent, int) and -exponent <= places else None


def _problems(promotion: pb.Promotion) -> Problems:
    if not code_key(promotion.code) or not promotion.code.isprintable():
        yield "code", "must not be empty, nor contain control characters"
    if promotion.type == _P.TYPE_UNSPECIFIED:
        yield "type", "must be standard or buyget"
    if promotion.limit < 0 or promotion.limit > MOST_MINOR:
        yield "limit", "must be at least 1"
    if promotion.limit and promotion.is_automatic:
        yield "limit", "must not be set: only uses of a promotion by code are counted"
    yield from _problems_of_method(promotion)
    yield from _problems_of_quantities(promotion)
    for field, attributes in (
        ("rules", CART_ATTRIBUTES),
        ("target_rules", LINE_ATTRIBUTES),
        ("buy_rules", LINE_ATTRIBUTES),
    ):
        rules, most = getattr(promotion, field), most_entries(pb.Promotion, field)
        if len(rules) > most:
            yield field, f"must be at most {most}"
        for place, rule in enumerate(rules):
            for key, text in _problems_of_rule(rule, attributes):
                yield f"{field}[{place}].{key}", text


def _problems_of_method(promotion: pb.Promotion) -> Problems:
    if promotion.method_type == _P.METHOD_TYPE_UNSPECIFIED:
        yield "method_type", "must be percentage or fixed"
    if promotion.target_type == _P.TARGET_TYPE_UNSPECIFIED:
        yield "target_type", "must be items, shipping_methods or order"
    if promotion.target_type == _P.TARGET_TYPE_SHIPPING_METHODS and promotion.target_rules:
        yield "target_rules", "must not be set, if the target is shipping_methods"
    is_amount = promotion.method_type == _P.METHOD_TYPE_FIXED
    if promotion.currency_code not in CURRENCIES and (is_amount or promotion.currency_code):
        yield "currency_code", "must be an ISO 4217 code, for example eur"
        return
    places = CURRENCIES[promotion.currency_code] if is_amount else _PLACES_OF_PERCENT
    value = decimal_of(promotion.value, places=places)
    if value is None:
        yield "value", f"must be a number above 0 with at most {places} decimal places"
    elif not is_amount and value > 100:
        yield "value", "must be at most 100 per cent"


def _problems_of_quantities(promotion: pb.Promotion) -> Problems:
    is_buyget, allocation = promotion.type == _P.TYPE_BUYGET, promotion.allocation
    is_of_order = promotion.target_type == _P.TARGET_TYPE_ORDER
    for field in ("max_quantity", "buy_rules_min_quantity", "apply_to_quantity"):
        if not 0 <= getattr(promotion, field) <= MOST_QUANTITY:
            yield field, f"must be from 1 to {MOST_QUANTITY}"
    if allocation == _P.ALLOCATION_UNSPECIFIED:
        yield "allocation", "must be each, across or once"
    elif is_of_order and allocation != _P.ALLOCATION_ACROSS:
        yield "allocation", "must be across, if the target is the order"
    if is_buyget:
        yield from _problems_of_buyget(promotion)
        return
    for field in ("buy_rules_min_quantity", "apply_to_quantity", "buy_rules"):
        if getattr(promotion, field):
            yield field, "must not be set: it is for buyget alone"
    is_across = allocation == _P.ALLOCATION_ACROSS
    if is_across and promotion.max_quantity:
        yield "max_quantity", "must not be set, if the allocation is across"
    elif not is_across and not promotion.max_quantity:
        yield "max_quantity", "must be set, if the allocation is each or once"


def _problems_of_buyget(promotion: pb.Promotion) -> Problems:
    if promotion.target_type != _P.TARGET_TYPE_ITEMS:
        yield "target_type", "must be items, if the type is buyget"
    for field in ("buy_rules", "buy_rules_min_quantity", "apply_to_quantity", "max_quantity"):
        if not getattr(promotion, field):
            yield field, "must be set, if the type is buyget"
    if promotion.apply_to_quantity > promotion.max_quantity > 0:
        yield "max_quantity", "must not be less than apply_to_quantity"


def _problems_of_rule(rule: pb.PromotionRule, attributes: tuple[str, ...]) -> Problems:
    if rule.attribute not in attributes:
        yield "attribute", f"must be one of {', '.join(attributes)}"
    if rule.operator == pb.PromotionRule.OPERATOR_UNSPECIFIED:
        yield "operator", "must be eq, ne, in, gt, gte, lt or lte"
    if not rule.values or not all(rule.values):
        yield "values", "must be at least one, and none of them empty"
    elif rule.operator in _COMPARISONS and not all(map(_is_number, rule.values)):
        yield "values", "must be numbers, to be compared so"


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
