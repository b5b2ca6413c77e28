"""Where a tenant charges taxes, and at which rates."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKeyConstraint,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, tenant_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class TaxRegion(TenantOwned, Base):
    """A country, or a province of one, which is not there without it."""

    __tablename__ = "tax_region"
    __table_args__ = tenant_rows(
        UniqueConstraint("tenant_id", "country_code", "province_code"),
        ForeignKeyConstraint(
            ["tenant_id", "parent_id"],
            ["tax_region.tenant_id", "tax_region.tax_region_id"],
            ondelete="CASCADE",
        ),
        Index("ix_tax_region_parent", "tenant_id", "parent_id"),
    )

    tax_region_id: Mapped[str] = mapped_column(Key, primary_key=True)
    country_code: Mapped[str] = mapped_column(Key)
    province_code: Mapped[str] = mapped_column(Key)
    parent_id: Mapped[str | None] = mapped_column(Key)
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class TaxRate(TenantOwned, Base):
    """A percentage of a tax region; one of a region may be its default."""

    __tablename__ = "tax_rate"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "tax_region_id"],
            ["tax_region.tenant_id", "tax_region.tax_region_id"],
            ondelete="CASCADE",
        ),
        Index("ix_tax_rate_region", "tenant_id", "tax_region_id"),
        Index(
            "ix_tax_rate_default",
            "tenant_id",
            "tax_region_id",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )

    tax_rate_id: Mapped[str] = mapped_column(Key, primary_key=True)
    tax_region_id: Mapped[str] = mapped_column(Key)
    name: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    percent: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    is_default: Mapped[bool] = mapped_column(Boolean)
    is_combinable: Mapped[bool] = mapped_column(Boolean)
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class TaxRateRule(TenantOwned, Base):
    """One thing that a rate is for."""

    __tablename__ = "tax_rate_rule"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "tax_rate_id"],
            ["tax_rate.tenant_id", "tax_rate.tax_rate_id"],
            ondelete="CASCADE",
        ),
    )

    tax_rate_id: Mapped[str] = mapped_column(Key, primary_key=True)
    reference: Mapped[str] = mapped_column(Key, primary_key=True)
    reference_id: Mapped[str] = mapped_column(Key, primary_key=True)
