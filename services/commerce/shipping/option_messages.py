"""Converts shipping options to messages, and checks those of callers."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from souk.commerce.v1 import shipping_option_service_pb2 as pb

from services.commerce.markets.rules import Market
from services.commerce.models import ShippingOption
from services.commerce.pricing.conditions import Operator
from services.commerce.pricing.shipping import ATTRIBUTES, PriceType
from services.commerce.shipping.messages import name_problem
from services.commerce.shipping.rules import IN_STORE, MANUAL
from services.commerce.shipping.stored import StoredPrice, StoredRule
from services.kernel.call import names
from services.kernel.call.errors import InvalidArgument, NotFound, invalid
from services.kernel.call.times import message_of
from services.kernel.data.updates import etag
from services.values.money import CURRENCIES, minor_units, money

OPTION = "tenants/{tenant}/shippingOptions/{shipping_option}"

_PRICE_TYPE = pb.ShippingOption.PriceType
_OPERATOR = pb.ShippingRule.Operator
_FLAGS = tuple(IN_STORE)
_NUMBERS = ATTRIBUTES[PriceType.CALCULATED]
_SEVERAL = (Operator.IN, Operator.NIN)
_SAME = (Operator.EQ, Operator.NE, *_SEVERAL)
_MOST_FIGURES = 20


def option_message(row: ShippingOption) -> pb.ShippingOption:
    message = pb.ShippingOption(
        name=f"tenants/{row.tenant_id}/shippingOptions/{row.option_id}",
        display_name=row.name,
        service_zone_id=row.zone_id,
        shipping_profile_id=row.profile_id,
        provider_id=row.provider_id,
        price_type=_PRICE_TYPE.Value(f"PRICE_TYPE_{row.price_type.upper()}"),
        type=_kind(row.type) if row.type else None,
        prices=[_price_message(StoredPrice.model_validate(price)) for price in row.prices],
        rules=[_rule_message(StoredRule.model_validate(rule)) for rule in row.rules],
        etag=etag(row.version),
        create_time=message_of(row.create_time),
        update_time=message_of(row.update_time),
    )
    if row.data is not None:
        message.data.update(row.data)
    if row.extra is not None:
        message.metadata.update(row.extra)
    return message


def _kind(stored: dict[str, str]) -> pb.ShippingOptionType:
    return pb.ShippingOptionType(
        label=stored["label"], description=stored["description"], handle=stored["code"]
    )


def checked(requested: pb.ShippingOption, markets: Sequence[Market]) -> pb.ShippingOption:
    """Returns an option as it is stored: each price and rule with an id, prices with a currency.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
        NotFound: REGION_NOT_FOUND.
    """
    result = pb.ShippingOption()
    result.CopyFrom(requested)
    result.provider_id = requested.provider_id or MANUAL
    result.price_type = requested.price_type or _PRICE_TYPE.PRICE_TYPE_FLAT
    _identify("price", result.prices)
    for rules in (result.rules, *(price.rules for price in result.prices)):
        _identify("sorul", rules)
        for rule in rules:
            rule.values[:] = [_plain(rule.attribute, value) for value in rule.values]
    for price in result.prices:
        of_region = _currency_of(price.region_id, markets)
        price.currency_code = of_region or price.currency_code
        price.amount.currency_code = price.currency_code
    if problems := dict(_problems(result)):
        raise invalid("FIELD_INVALID", problems)
    return result


def changed_rules(
    option: pb.ShippingOption, request: pb.ChangeShippingRulesRequest
) -> list[pb.ShippingRule]:
    """Returns the rules of an option after a change of some, for updates.apply.

    Raises:
        NotFound: SHIPPING_RULE_NOT_FOUND.
    """
    known = [rule.id for rule in option.rules]
    changes = {rule.id: rule for rule in request.updates}
    for rule_id in (*changes, *request.deletes):
        if rule_id not in known:
            raise NotFound("SHIPPING_RULE_NOT_FOUND", f"No such rule: {rule_id[:100]}")
    created = []
    for rule in request.creates:
        created.append(pb.ShippingRule())
        created[-1].CopyFrom(rule)
        created[-1].ClearField("id")
    # One that is named without fields stays as it is.
    remaining = [rule_id for rule_id in known if rule_id not in request.deletes]
    return [
        *(changes.get(rule_id) or pb.ShippingRule(id=rule_id) for rule_id in remaining),
        *created,
    ]


def stored_prices(option: pb.ShippingOption) -> list[StoredPrice]:
    return [
        StoredPrice(
            id=price.id,
            currency_code=price.currency_code,
            region_id=price.region_id,
            amount=_minor(price),
            rules=stored_rules(price.rules),
        )
        for price in option.prices
    ]


def stored_rules(rules: Iterable[pb.ShippingRule]) -> list[StoredRule]:
    return [
        StoredRule(
            id=rule.id,
            attribute=rule.attribute,
            operator=_operator(rule),
            values=list(rule.values),
        )
        for rule in rules
    ]


def price_type(option: pb.ShippingOption) -> PriceType:
    return PriceType(_PRICE_TYPE.Name(option.price_type).removeprefix("PRICE_TYPE_").lower())


def _price_message(price: StoredPrice) -> pb.ShippingPrice:
    return pb.ShippingPrice(
        id=price.id,
        currency_code=price.currency_code,
        region_id=price.region_id,
        amount=money(price.amount, price.currency_code),
        rules=[_rule_message(rule) for rule in price.rules],
    )


def _rule_message(rule: StoredRule) -> pb.ShippingRule:
    return pb.ShippingRule(
        id=rule.id,
        attribute=rule.attribute,
        operator=_OPERATOR.Value(f"OPERATOR_{rule.operator.value.upper()}"),
        values=rule.values,
    )


def _operator(rule: pb.ShippingRule) -> Operator:
    return Operator(_OPERATOR.Name(rule.operator).removeprefix("OPERATOR_").lower())


def _identify(prefix: str, parts: Iterable[pb.ShippingPrice | pb.ShippingRule]) -> None:
    """Gives an id to each part that has none, or that of another."""
    known: set[str] = set()
    for part in parts:
        if not part.id.startswith(f"{prefix}_") or part.id in known:
            part.id = names.new_id(prefix)
        known.add(part.id)
        part.ClearField("update_mask")


def _currency_of(region_id: str, markets: Sequence[Market]) -> str:
    if not region_id:
        return ""
    for market in markets:
        if market.id == region_id:
            return market.currency_code
    raise NotFound("REGION_NOT_FOUND", f"No such region: {region_id[:100]}")


def _problems(option: pb.ShippingOption) -> Iterator[tuple[str, str]]:
    if text := name_problem(option.display_name):
        yield "display_name", text
    if option.provider_id != MANUAL:
        yield "provider_id", f"must be {MANUAL}"
    if not option.prices:
        yield "prices", "must have at least one price"
    for at, text in _rule_problems(option.rules, (*_FLAGS, *_NUMBERS)):
        yield f"rules{at}", text
    for place, price in enumerate(option.prices):
        for at, text in _price_problems(price, ATTRIBUTES[price_type(option)]):
            yield f"prices[{place}].{at}", text


def _price_problems(
    price: pb.ShippingPrice, attributes: Sequence[str]
) -> Iterator[tuple[str, str]]:
    if price.currency_code not in CURRENCIES:
        yield "currency_code", "must be an ISO 4217 code, for example eur, or there a region_id"
    else:
        try:
            _minor(price)
        except InvalidArgument as refusal:
            yield "amount", refusal.violations["amount"]
    for at, text in _rule_problems(price.rules, attributes):
        yield f"rules{at}", text


def _rule_problems(
    rules: Iterable[pb.ShippingRule], attributes: Sequence[str]
) -> Iterator[tuple[str, str]]:
    for place, rule in enumerate(rules):
        for field, text in _problems_of_rule(rule, attributes):
            yield f"[{place}].{field}", text


def _problems_of_rule(
    rule: pb.ShippingRule, attributes: Sequence[str]
) -> Iterator[tuple[str, str]]:
    if rule.attribute not in attributes:
        yield "attribute", f"must be one of {', '.join(attributes)}"
        return
    if rule.operator == _OPERATOR.OPERATOR_UNSPECIFIED:
        yield "operator", "must be given"
        return
    operator = _operator(rule)
    if not rule.values or (len(rule.values) > 1 and operator not in _SEVERAL):
        yield "values", "must be one value, or several for in and nin"
    elif rule.attribute in _FLAGS:
        if operator not in _SAME:
            yield "operator", f"must be one of {', '.join(_SAME)} for {rule.attribute}"
        if set(rule.values) - {"true", "false"}:
            yield "values", "must be true or false"
    elif not all(_is_number(value) for value in rule.values):
        yield "values", "must be a number, for example 49.9"


def _is_number(text: str) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    return number.is_finite() and number >= 0 and number.adjusted() < _MOST_FIGURES


def _plain(attribute: str, value: str) -> str:
    """Writes a number as carts write theirs: what is equal is the same text."""
    if attribute not in _NUMBERS or not _is_number(value):
        return value
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def _minor(price: pb.ShippingPrice) -> int:
    """Returns an amount in minor units; unlike that of goods, it may be 0."""
    is_free = not price.amount.units and not price.amount.nanos
    return 0 if is_free else minor_units(price.amount, field="amount")
