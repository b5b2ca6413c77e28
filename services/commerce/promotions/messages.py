"""Converts promotions between their rows and their messages."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from souk.commerce.v1 import promotion_service_pb2 as pb

from services.commerce.models import Promotion
from services.commerce.pricing.promotions import MethodType
from services.commerce.promotions.rules import code_key
from services.kernel.call.times import message_of
from services.kernel.data.updates import etag
from services.values.money import CURRENCIES, major

# Enums of the contract, which are words in the table.
_ENUMS = ("type", "status", "method_type", "target_type", "allocation")
_SAME = ("code", "is_automatic", "is_tax_inclusive", "buy_rules_min_quantity", "apply_to_quantity")
_RULES = ("rules", "target_rules", "buy_rules")


def promotion_message(row: Promotion, used: int) -> pb.Promotion:
    message = pb.Promotion(
        name=f"tenants/{row.tenant_id}/promotions/{row.promotion_id}",
        campaign_id=row.campaign_id or "",
        limit=row.most_uses or 0,
        used=used,
        value=_value(row),
        currency_code=row.currency_code or "",
        max_quantity=row.max_quantity or 0,
        etag=etag(row.version),
        create_time=message_of(row.create_time),
        update_time=message_of(row.update_time),
        **{name: getattr(row, name) for name in _SAME},
        **{name: word_value(pb.Promotion, name, getattr(row, name)) for name in _ENUMS},
    )
    for name in _RULES:
        for rule in getattr(row, name):
            getattr(message, name).add(
                id=rule["id"],
                attribute=rule["attribute"],
                operator=word_value(pb.PromotionRule, "operator", rule["operator"]),
                values=rule["values"],
            )
    return message


def put(message: pb.Promotion, row: Promotion) -> None:
    """Puts a checked promotion into its row."""
    for name in _SAME:
        setattr(row, name, getattr(message, name))
    for name in _ENUMS:
        setattr(row, name, word(message, name))
    row.code_key = code_key(message.code)
    row.campaign_id = message.campaign_id or None
    row.most_uses = message.limit or None
    row.currency_code = message.currency_code or None
    row.max_quantity = message.max_quantity or None
    row.value = Decimal(message.value)
    if message.method_type == pb.Promotion.METHOD_TYPE_FIXED:
        row.value = row.value.scaleb(CURRENCIES[message.currency_code])
    row.rules = _stored(message.rules)
    row.target_rules = _stored(message.target_rules)
    row.buy_rules = _stored(message.buy_rules)


def word(message: Any, field: str) -> str:  # noqa: ANN401  # any message of the contract
    """Returns the word for an enum's value: standard for TYPE_STANDARD."""
    enum = message.DESCRIPTOR.fields_by_name[field].enum_type
    prefix = enum.values[0].name.removesuffix("UNSPECIFIED")
    name: str = enum.values_by_number[getattr(message, field)].name
    return name.removeprefix(prefix).lower()


def word_value(kind: Any, field: str, value: str) -> Any:  # noqa: ANN401  # a message, its enum
    """Returns the enum's value for a word."""
    enum = kind.DESCRIPTOR.fields_by_name[field].enum_type
    prefix = enum.values[0].name.removesuffix("UNSPECIFIED")
    return enum.values_by_name[prefix + value.upper()].number


def _value(row: Promotion) -> str:
    number = row.value
    if row.method_type == MethodType.FIXED:
        number = major(int(row.value), row.currency_code or "")
    return f"{number.normalize():f}"


def _stored(rules: Iterable[pb.PromotionRule]) -> list[dict[str, Any]]:
    return [
        {
            "id": rule.id,
            "attribute": rule.attribute,
            "operator": word(rule, "operator"),
            "values": list(rule.values),
        }
        for rule in rules
    ]
