"""Promotions, campaigns, and how often they have been used."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, tenant_rows, unaudited_rows
from services.kernel.data.tables import Key, TenantOwned, Time

Rules = list[dict[str, Any]]


class Campaign(TenantOwned, Base):
    """When promotions apply, and how much they may give together."""

    __tablename__ = "campaign"
    __table_args__ = tenant_rows(
        CheckConstraint(
            "budget_type IN ('spend', 'usage', 'spend_by_attribute', 'use_by_attribute')",
            name="budget_type",
        ),
        UniqueConstraint("tenant_id", "identifier"),
        Index("ix_campaign_create_time", "tenant_id", "create_time", "campaign_id"),
    )

    campaign_id: Mapped[str] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    identifier: Mapped[str] = mapped_column(Key)
    description: Mapped[str] = mapped_column(Text)
    start_time: Mapped[datetime | None] = mapped_column(Time)
    end_time: Mapped[datetime | None] = mapped_column(Time)
    budget_type: Mapped[str | None] = mapped_column(Key)
    budget_limit: Mapped[int | None] = mapped_column(BigInteger)
    budget_currency_code: Mapped[str | None] = mapped_column(Key)
    budget_attribute: Mapped[str | None] = mapped_column(Key)
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class Promotion(TenantOwned, Base):
    """What is taken off, from whom and of what."""

    __tablename__ = "promotion"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "campaign_id"], ["campaign.tenant_id", "campaign.campaign_id"]
        ),
        CheckConstraint("type IN ('standard', 'buyget')", name="type"),
        CheckConstraint("status IN ('draft', 'active', 'inactive')", name="status"),
        CheckConstraint("method_type IN ('percentage', 'fixed')", name="method_type"),
        CheckConstraint(
            "target_type IN ('items', 'shipping_methods', 'order')", name="target_type"
        ),
        CheckConstraint("allocation IN ('each', 'across', 'once')", name="allocation"),
        UniqueConstraint("tenant_id", "code_key"),
        Index("ix_promotion_campaign", "tenant_id", "campaign_id"),
        Index("ix_promotion_create_time", "tenant_id", "create_time", "promotion_id"),
        Index(
            "ix_promotion_automatic",
            "tenant_id",
            "promotion_id",
            postgresql_where=text("is_automatic"),
        ),
    )

    promotion_id: Mapped[str] = mapped_column(Key, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    code_key: Mapped[str] = mapped_column(Key)
    type: Mapped[str] = mapped_column(Key)
    status: Mapped[str] = mapped_column(Key)
    is_automatic: Mapped[bool] = mapped_column(Boolean)
    is_tax_inclusive: Mapped[bool] = mapped_column(Boolean)
    campaign_id: Mapped[str | None] = mapped_column(Key)
    most_uses: Mapped[int | None] = mapped_column(BigInteger)
    method_type: Mapped[str] = mapped_column(Key)
    target_type: Mapped[str] = mapped_column(Key)
    allocation: Mapped[str] = mapped_column(Key)
    value: Mapped[Decimal] = mapped_column(Numeric(24, 4))
    currency_code: Mapped[str | None] = mapped_column(Key)
    max_quantity: Mapped[int | None] = mapped_column(BigInteger)
    buy_rules_min_quantity: Mapped[int] = mapped_column(BigInteger)
    apply_to_quantity: Mapped[int] = mapped_column(BigInteger)
    rules: Mapped[Rules] = mapped_column(JSONB)
    target_rules: Mapped[Rules] = mapped_column(JSONB)
    buy_rules: Mapped[Rules] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class PromotionUse(TenantOwned, Base):
    """What orders have used of a promotion or of a campaign's budget.

    `holder` is empty, or tells apart whom a budget by attribute is counted for.
    """

    __tablename__ = "promotion_use"
    __table_args__ = unaudited_rows()

    counted_id: Mapped[str] = mapped_column(Key, primary_key=True)
    holder: Mapped[str] = mapped_column(Key, primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)
