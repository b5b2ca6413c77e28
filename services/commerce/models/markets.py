"""Where a tenant sells: regions, and the countries in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, ForeignKeyConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, tenant_rows, unaudited_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class SetupVersion(TenantOwned, Base):
    """Rises with every change of what carts are priced by: regions, rates, options, promotions."""

    __tablename__ = "setup_version"
    __table_args__ = unaudited_rows()

    version: Mapped[int] = mapped_column(BigInteger)


class Region(TenantOwned, Base):
    """Countries that are sold to in one currency, under the same rules."""

    __tablename__ = "region"
    __table_args__ = tenant_rows()

    region_id: Mapped[str] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    currency_code: Mapped[str] = mapped_column(Key)
    automatic_taxes: Mapped[bool] = mapped_column(Boolean)
    includes_tax: Mapped[bool] = mapped_column(Boolean)
    payment_providers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class RegionCountry(TenantOwned, Base):
    """A country of a region; no country is in two."""

    __tablename__ = "region_country"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "region_id"],
            ["region.tenant_id", "region.region_id"],
            ondelete="CASCADE",
        ),
    )

    country_code: Mapped[str] = mapped_column(Key, primary_key=True)
    region_id: Mapped[str] = mapped_column(Key, index=False)
