"""How a tenant ships: profiles of goods, where to, and the options with their prices."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, tenant_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class ShippingProfile(TenantOwned, Base):
    """Goods that are shipped by the same options."""

    __tablename__ = "shipping_profile"
    __table_args__ = tenant_rows(UniqueConstraint("tenant_id", "name"))

    profile_id: Mapped[str] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class FulfillmentSet(TenantOwned, Base):
    """A way of handing goods over, in service zones."""

    __tablename__ = "fulfillment_set"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "location_id"], ["stock_location.tenant_id", "stock_location.location_id"]
        ),
        UniqueConstraint("tenant_id", "name"),
        Index("ix_fulfillment_set_location", "tenant_id", "location_id"),
    )

    set_id: Mapped[str] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    location_id: Mapped[str | None] = mapped_column(Key)
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class ServiceZone(TenantOwned, Base):
    """Areas that are shipped to by the same options."""

    __tablename__ = "service_zone"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "set_id"],
            ["fulfillment_set.tenant_id", "fulfillment_set.set_id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("tenant_id", "set_id", "name"),
    )

    zone_id: Mapped[str] = mapped_column(Key, primary_key=True)
    set_id: Mapped[str] = mapped_column(Key)
    name: Mapped[str] = mapped_column(Text)
    areas: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class ShippingOption(TenantOwned, Base):
    """A way of shipping to a zone. Its prices and rules are read and changed as a whole."""

    __tablename__ = "shipping_option"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "zone_id"], ["service_zone.tenant_id", "service_zone.zone_id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "profile_id"],
            ["shipping_profile.tenant_id", "shipping_profile.profile_id"],
        ),
        Index("ix_shipping_option_zone", "tenant_id", "zone_id"),
        Index("ix_shipping_option_profile", "tenant_id", "profile_id"),
    )

    option_id: Mapped[str] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    zone_id: Mapped[str] = mapped_column(Key)
    profile_id: Mapped[str] = mapped_column(Key)
    provider_id: Mapped[str] = mapped_column(Key)
    price_type: Mapped[str] = mapped_column(Key)
    type: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    prices: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    data: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)
