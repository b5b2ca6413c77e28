"""How a tenant ships, and at which prices, in Medusa's shape."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import orjson
from google.type.money_pb2 import Money
from pydantic import BeforeValidator, Field, WithJsonSchema
from souk.commerce.v1 import shipping_option_service_pb2 as pb

from gateway.documents.scalars import (
    CreatedAt,
    CurrencyCode,
    Etag,
    Id,
    LowerCode,
    Metadata,
    NeverDeleted,
    UpdatedAt,
    amount_json,
    exact,
)
from gateway.medusa.shapes import WHOLE, Body, Document, From, optional
from services.kernel.call.errors import invalid
from services.values.money import amount
from services.values.shipping_documents import ShippingProvider

OptionName = Annotated[str, From("display_name"), Field(description="As shoppers read it.")]
PriceType = Literal["flat", "calculated"]
Operator = Literal["eq", "ne", "in", "nin", "gt", "gte", "lt", "lte"]


def _value(rule: pb.ShippingRule) -> str | list[str]:
    return rule.values[0] if len(rule.values) == 1 else list(rule.values)


def _values(value: object) -> object:
    """Takes one value for a list of it, and a number or a flag for its text."""
    several = value if isinstance(value, list) else [value]
    return [_text(one) for one in several]


def _text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float | Decimal) else value


Values = Annotated[
    list[str],
    BeforeValidator(_values),
    From("values"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "number"},
                {"type": "boolean"},
                {"type": "array", "items": {"type": "string"}},
            ]
        }
    ),
]
Attribute = Annotated[
    str,
    Field(
        description="enabled_in_store or is_return; item_total or subtotal in major units; or "
        "weight in grams.",
        examples=["item_total"],
    ),
]


class RuleDocument(Document[pb.ShippingRule]):
    """What must hold of a cart."""

    id: str
    attribute: str
    operator: Operator
    value: Annotated[str | list[str], From(WHOLE, _value)]


class RuleUpdate(Body[pb.ShippingRule]):
    """The fields of a rule to update."""

    id: str
    attribute: Attribute = optional()
    operator: Operator = optional()
    value: Values = optional()


class RuleBody(RuleUpdate):
    """What must hold of a cart."""

    id: str = optional(description="One with a known id changes only the keys that it has.")


class RuleBatch(Body[pb.ChangeShippingRulesRequest]):
    """Rules of one option to create, update and delete; all are done, or none."""

    create: Annotated[list[RuleBody], From("creates")] = Field([])
    update: Annotated[list[RuleUpdate], From("updates")] = Field([])
    delete: Annotated[list[str], From("deletes")] = Field([], description="The ids of rules.")


def _price_json(price: Money) -> orjson.Fragment:
    return amount_json(price) if price.units or price.nanos else orjson.Fragment(b"0")


def _price(major: Decimal) -> Money:
    """Makes an amount; unlike that of goods, it may be 0."""
    if major < 0:
        raise invalid("FIELD_INVALID", {"": "must not be negative"})
    return amount(major, field="") if major else Money()


ShippingAmount = Annotated[
    Decimal,
    BeforeValidator(exact),
    From("amount", read=_price_json, write=_price),
    Field(description="In major units, exact; 0 is free."),
    WithJsonSchema({"type": "number", "minimum": 0, "examples": [5.9]}),
]


class PriceDocument(Document[pb.ShippingPrice]):
    """What an option costs, if all of its rules hold."""

    id: str
    currency_code: LowerCode
    region_id: str | None
    amount: ShippingAmount
    price_rules: Annotated[list[RuleDocument], From("rules")]


class PriceBody(Body[pb.ShippingPrice]):
    """What an option costs, in a currency or in a region."""

    id: str = optional(description="One with a known id changes only the keys that it has.")
    currency_code: CurrencyCode = optional(description="Of a price for a region, the region's.")
    region_id: str | None = Field(None, description="Only for carts in this region.")
    amount: ShippingAmount
    rules: list[RuleBody] = optional(
        description="Over item_total; of a calculated option also over subtotal and weight."
    )


class OptionTypeDocument(Document[pb.ShippingOptionType]):
    """What kind of shipping an option is."""

    label: str
    description: str | None
    code: Annotated[str, From("handle")]


class OptionTypeBody(Body[pb.ShippingOptionType]):
    """What kind of shipping an option is."""

    label: str
    description: str | None = None
    code: Annotated[str, From("handle")]


def _provider(option: pb.ShippingOption) -> dict[str, object]:
    return {"id": option.provider_id, "is_enabled": True}


class OptionDocument(Document[pb.ShippingOption]):
    """A way of shipping to a service zone."""

    id: Id = Field(examples=["so_01J0000000000000000000000"])
    name: Annotated[str, From("display_name")]
    price_type: PriceType
    service_zone_id: str
    shipping_profile_id: str
    provider_id: str
    provider: Annotated[ShippingProvider, From(WHOLE, _provider)]
    type: OptionTypeDocument | None
    prices: list[PriceDocument]
    rules: list[RuleDocument]
    data: dict[str, Any] | None
    metadata: Metadata | None
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


class OptionUpdate(Body[pb.ShippingOption]):
    """The fields of a shipping option to update; prices and rules that are not listed go."""

    name: OptionName = optional()
    service_zone_id: str = optional()
    shipping_profile_id: str = optional()
    provider_id: str = optional(description="manual_manual, the only one.")
    price_type: PriceType = optional(description="By default flat.")
    type: OptionTypeBody | None = None
    prices: list[PriceBody] = optional()
    rules: list[RuleBody] = optional(description="All must hold for the option to be offered.")
    data: Metadata | None = None
    metadata: Metadata | None = None


class OptionCreate(OptionUpdate):
    """A shipping option to create."""

    name: OptionName
    service_zone_id: str
    shipping_profile_id: str
    prices: list[PriceBody]
