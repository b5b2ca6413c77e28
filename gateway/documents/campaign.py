"""When promotions apply and how much they may give, as Medusa's campaigns."""

from typing import Annotated, Literal

import orjson
from pydantic import Field
from souk.commerce.v1 import campaign_service_pb2 as pb

from gateway.documents.scalars import (
    CreatedAt,
    CurrencyCode,
    Etag,
    Id,
    Moment,
    NeverDeleted,
    Number,
    Time,
    UpdatedAt,
)
from gateway.medusa.shapes import WHOLE, Body, Document, From, optional

BudgetType = Annotated[
    Literal["usage", "spend", "use_by_attribute", "spend_by_attribute"], From("budget_type")
]
BudgetCurrency = Annotated[CurrencyCode | None, From("budget_currency_code")]
BudgetLimit = Annotated[Number | None, From("budget_limit")]
BudgetAttribute = Annotated[str | None, From("budget_attribute")]


class BudgetDocument(Document[pb.Campaign]):
    """How much a campaign may give."""

    type: BudgetType
    limit: BudgetLimit
    used: Annotated[float, From("budget_used", read=orjson.Fragment)]
    currency_code: BudgetCurrency
    attribute: BudgetAttribute


def _budget(campaign: pb.Campaign) -> dict[str, object] | None:
    return BudgetDocument.to_json(campaign) if campaign.budget_type else None


class CampaignDocument(Document[pb.Campaign]):
    """When promotions apply, and how much they may give together."""

    id: Id = Field(examples=["procamp_01J0000000000000000000000"])
    name: Annotated[str, From("display_name")]
    campaign_identifier: Annotated[str, From("identifier")]
    description: str | None
    starts_at: Annotated[Time | None, From("start_time")]
    ends_at: Annotated[Time | None, From("end_time")]
    budget: Annotated[BudgetDocument | None, From(WHOLE, read=_budget)]
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


class BudgetUpdate(Body[pb.Campaign]):
    """How much a campaign may give."""

    type: BudgetType = optional()
    limit: BudgetLimit = Field(None, description="An amount, or a whole number; null is no limit.")
    currency_code: BudgetCurrency = Field(None, description="For amounts.")
    attribute: BudgetAttribute = Field(
        None, description="customer_id or customer_email, for a budget of each customer's own."
    )


class BudgetCreate(BudgetUpdate):
    """How much a new campaign may give."""

    type: BudgetType


class CampaignUpdate(Body[pb.Campaign]):
    """The fields of a campaign to update."""

    name: Annotated[str, From("display_name")] = optional(description="Not empty.")
    campaign_identifier: Annotated[str, From("identifier")] = optional(
        description="Unique in the tenant."
    )
    description: str | None = None
    starts_at: Annotated[Moment | None, From("start_time")] = None
    ends_at: Annotated[Moment | None, From("end_time")] = None
    budget: Annotated[BudgetUpdate | None, From(WHOLE)] = None


class CampaignCreate(CampaignUpdate):
    """A campaign to create."""

    name: Annotated[str, From("display_name")] = Field(description="Not empty.")
    campaign_identifier: Annotated[str, From("identifier")] = Field(
        description="Unique in the tenant."
    )
    budget: Annotated[BudgetCreate | None, From(WHOLE)] = None


class CampaignPromotions(Body[pb.BatchChangeCampaignPromotionsRequest]):
    """Promotions to move; all are, or none."""

    add: Annotated[list[str], From("adds")] = Field([], description="The ids of promotions.")
    remove: Annotated[list[str], From("removes")] = Field([], description="The ids of promotions.")
