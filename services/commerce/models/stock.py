"""What a tenant has to sell, where it is, and for whom it is kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, tenant_rows, unaudited_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class StockLocation(TenantOwned, Base):
    """Where goods are."""

    __tablename__ = "stock_location"
    __table_args__ = tenant_rows()

    location_id: Mapped[str] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class InventoryLevel(TenantOwned, Base):
    """How many of a variant are at a location, and how many of these are kept for somebody.

    More may be kept than there are: of a variant that is sold without stock, or after a recount.
    What shoppers keep leaves no event of its own; what staff set does.
    """

    __tablename__ = "inventory_level"
    __table_args__ = unaudited_rows(
        ForeignKeyConstraint(
            ["tenant_id", "location_id"], ["stock_location.tenant_id", "stock_location.location_id"]
        ),
        CheckConstraint("stocked >= 0 AND reserved >= 0", name="not_negative"),
        Index("ix_inventory_level_location", "tenant_id", "location_id"),
    )

    variant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    location_id: Mapped[str] = mapped_column(Key, primary_key=True)
    stocked: Mapped[int] = mapped_column(BigInteger)
    reserved: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class Reservation(TenantOwned, Base):
    """Units of a level that are kept for a line of a cart, and later of its order."""

    __tablename__ = "reservation"
    __table_args__ = unaudited_rows(
        ForeignKeyConstraint(
            ["tenant_id", "variant_id", "location_id"],
            [
                "inventory_level.tenant_id",
                "inventory_level.variant_id",
                "inventory_level.location_id",
            ],
        ),
        CheckConstraint("quantity > 0", name="some"),
        Index("ix_reservation_level", "tenant_id", "variant_id", "location_id"),
        Index("ix_reservation_line", "tenant_id", "line_item_id"),
        Index("ix_reservation_cart", "tenant_id", "cart_id"),
        Index(
            "ix_reservation_expiry",
            "tenant_id",
            "variant_id",
            "expire_time",
            postgresql_where=text("expire_time IS NOT NULL"),
        ),
    )

    reservation_id: Mapped[str] = mapped_column(Key, primary_key=True)
    variant_id: Mapped[str] = mapped_column(Key)
    location_id: Mapped[str] = mapped_column(Key)
    quantity: Mapped[int] = mapped_column(BigInteger)
    line_item_id: Mapped[str] = mapped_column(Key)
    cart_id: Mapped[str] = mapped_column(Key)
    order_id: Mapped[str | None] = mapped_column(Key)
    expire_time: Mapped[datetime | None] = mapped_column(Time)
    create_time: Mapped[datetime] = mapped_column(Time)
