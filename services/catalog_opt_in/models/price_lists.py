"""Prices of a tenant's that hold for a time, or for some customers: its own rows."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog_opt_in.models.scopes import Base, tenant_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class PriceList(TenantOwned, Base):
    """A sale, or prices that replace others; without groups it is for everybody.

    `turns_at` is when it begins or ends next; null if it does neither any more.
    """

    __tablename__ = "price_list"
    __table_args__ = tenant_rows(
        CheckConstraint("type IN ('SALE', 'OVERRIDE')", name="type"),
        CheckConstraint("status IN ('DRAFT', 'ACTIVE')", name="status"),
        Index(None, "tenant_id", "created_at", "price_list_id"),
        Index(
            "ix_price_list_turning",
            "tenant_id",
            "turns_at",
            postgresql_where=text("turns_at IS NOT NULL"),
        ),
    )

    price_list_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Key)
    status: Mapped[str] = mapped_column(Key)
    starts_at: Mapped[datetime | None] = mapped_column(Time)
    ends_at: Mapped[datetime | None] = mapped_column(Time)
    turns_at: Mapped[datetime | None] = mapped_column(Time)
    group_ids: Mapped[list[str]] = mapped_column(ARRAY(Text))
    version: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(Time)


class PriceListPrice(TenantOwned, Base):
    """What a variant costs by a list; it goes with the listing. A quantity of 0 is no bound."""

    __tablename__ = "price_list_price"
    __table_args__ = tenant_rows(
        *(
            ForeignKeyConstraint(
                ["tenant_id", key], [f"{table}.tenant_id", f"{table}.{key}"], ondelete="CASCADE"
            )
            for table, key in (("price_list", "price_list_id"), ("listing", "listing_id"))
        ),
        Index(None, "tenant_id", "price_list_id"),
        Index(None, "tenant_id", "listing_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("min_quantity >= 0 AND max_quantity >= 0", name="quantities"),
    )

    price_id: Mapped[str] = mapped_column(Key, primary_key=True)
    price_list_id: Mapped[str] = mapped_column(Key)
    listing_id: Mapped[str] = mapped_column(Key)
    variant_id: Mapped[str] = mapped_column(Key)
    currency: Mapped[str] = mapped_column(Key)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    min_quantity: Mapped[int] = mapped_column(Integer)
    max_quantity: Mapped[int] = mapped_column(Integer)
