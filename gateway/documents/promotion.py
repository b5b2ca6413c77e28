"""What a shop takes off, as Medusa's promotions."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field
from souk.commerce.v1 import promotion_service_pb2 as pb

from gateway.documents.scalars import (
    CreatedAt,
    CurrencyCode,
    Etag,
    Id,
    NeverDeleted,
    Number,
    UpdatedAt,
)
from gateway.medusa.shapes import WHOLE, Body, Document, From, optional

PromotionType = Literal["standard", "buyget"]
Status = Literal["draft", "active", "inactive"]
MethodType = Annotated[Literal["percentage", "fixed"], From("method_type")]
TargetType = Literal["order", "items", "shipping_methods"]
Allocation = Literal["each", "across", "once"]
Operator = Literal["eq", "ne", "in", "gt", "gte", "lt", "lte"]
Count = Annotated[int, Field(ge=1, le=2**53)]


class PromotionRuleValue(BaseModel):
    value: str


class PromotionRuleDocument(Document[pb.PromotionRule]):
    """A condition: of a cart, or of a line."""

    id: str
    attribute: str = Field(examples=["items.product.id"])
    operator: Operator
    values: Annotated[list[PromotionRuleValue], From(read=lambda value: {"value": value})]


class MethodDocument(Document[pb.Promotion]):
    """What is taken off, and of what."""

    type: MethodType
    target_type: TargetType
    allocation: Allocation
    value: Number = Field(description="In per cent, or an amount in major units.")
    currency_code: CurrencyCode | None
    max_quantity: int | None
    buy_rules_min_quantity: int | None
    apply_to_quantity: int | None
    target_rules: list[PromotionRuleDocument]
    buy_rules: list[PromotionRuleDocument]


class PromotionDocument(Document[pb.Promotion]):
    """What is taken off, from whom and of what."""

    id: Id = Field(examples=["promo_01J0000000000000000000000"])
    code: str
    type: PromotionType
    status: Status
    is_automatic: bool
    is_tax_inclusive: bool
    campaign_id: str | None
    limit: int | None
    used: int
    application_method: Annotated[MethodDocument, From(WHOLE)]
    rules: list[PromotionRuleDocument]
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


Values = Annotated[
    list[str],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(description="Texts, or one; numbers as texts.", examples=[["eur"]]),
]
Attribute = Annotated[str, Field(description="See the contract.", examples=["currency_code"])]


class PromotionRuleCreate(Body[pb.PromotionRule]):
    """A condition to add."""

    attribute: Attribute
    operator: Operator
    values: Values


class PromotionRuleUpdate(Body[pb.PromotionRule]):
    """A condition to change."""

    id: str
    attribute: Attribute = optional()
    operator: Operator = optional()
    values: Values = optional()


class PromotionRuleBatch(Body[pb.BatchChangePromotionRulesRequest]):
    """Conditions of one promotion and one kind; all are done, or none."""

    create: Annotated[list[PromotionRuleCreate], From("creates")] = Field([])
    update: Annotated[list[PromotionRuleUpdate], From("updates")] = Field([])
    delete: Annotated[list[str], From("deletes")] = Field([], description="The ids of rules.")


class MethodUpdate(Body[pb.Promotion]):
    """What to change of what is taken off."""

    type: MethodType = optional()
    target_type: TargetType = optional()
    allocation: Allocation = optional(description="Of the order, always across.")
    value: Number = optional(description="In per cent, or an amount in major units.")
    currency_code: CurrencyCode | None = Field(None, description="Required for an amount.")
    max_quantity: Count | None = Field(None, description="For each, once and buyget.")
    buy_rules_min_quantity: Count | None = Field(None, description="For buyget.")
    apply_to_quantity: Count | None = Field(None, description="For buyget.")
    target_rules: list[PromotionRuleCreate] = optional(description="Replaces all.")
    buy_rules: list[PromotionRuleCreate] = optional(description="For buyget; replaces all.")


class MethodCreate(MethodUpdate):
    """What to take off."""

    type: MethodType
    target_type: TargetType
    value: Number = Field(description="In per cent, or an amount in major units.")


class PromotionUpdate(Body[pb.Promotion]):
    """The fields of a promotion to update."""

    code: str = optional(description="Unique in every spelling.")
    type: PromotionType = optional()
    status: Status = optional(description="By default draft, which does not apply.")
    is_automatic: bool = optional(description="Whether it needs no code.")
    is_tax_inclusive: bool = optional(description="Whether an amount is with tax.")
    campaign_id: str | None = None
    limit: Count | None = Field(None, description="How many orders may use it; by code alone.")
    rules: list[PromotionRuleCreate] = optional(description="Replaces all.")
    application_method: Annotated[MethodUpdate, From(WHOLE)] = optional()


class PromotionCreate(PromotionUpdate):
    """A promotion to create."""

    code: str = Field(description="Unique in every spelling.")
    type: PromotionType
    application_method: Annotated[MethodCreate, From(WHOLE)]
