"""Taxonomy, offers and what they look like in each market: the platform's rows."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog_opt_in.models.scopes import Base, platform_rows
from services.kernel.data.tables import Key, Time

LONG_AGO = "2000-01-01 00:00:00+00"
"""What rows get that an instance of the version before adds: it names no times."""


def _now() -> datetime:
    return datetime.now(UTC)


class Collection(Base):
    __tablename__ = "collection"
    __table_args__ = platform_rows(UniqueConstraint("handle"))

    collection_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(Key)
    handle: Mapped[str] = mapped_column(Key)
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(Time)


class Category(Base):
    __tablename__ = "category"
    __table_args__ = platform_rows(UniqueConstraint("handle"), Index(None, "parent_id"))

    category_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(Key)
    handle: Mapped[str] = mapped_column(Key)
    description: Mapped[str] = mapped_column(Text)
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    # Shoppers see what is active and not internal, up to the top; see `taxonomy.rules.hidden`.
    is_active: Mapped[bool] = mapped_column(server_default=true())
    is_internal: Mapped[bool] = mapped_column(server_default=false())
    parent_id: Mapped[str | None] = mapped_column(Key, ForeignKey("category.category_id"))
    # The place among its siblings, from 0.
    rank: Mapped[int] = mapped_column(Integer)
    # Depth in the tree, from 0, so that one sort puts parents before children.
    depth: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(Time)


class Tag(Base):
    __tablename__ = "tag"
    __table_args__ = platform_rows(UniqueConstraint("value"))

    tag_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[str] = mapped_column(Key)
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    created_at: Mapped[datetime] = mapped_column(Time, default=_now, server_default=LONG_AGO)
    updated_at: Mapped[datetime] = mapped_column(Time, default=_now, server_default=LONG_AGO)


class ProductType(Base):
    __tablename__ = "product_type"
    __table_args__ = platform_rows(UniqueConstraint("value"))

    type_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[str] = mapped_column(Key)
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    created_at: Mapped[datetime] = mapped_column(Time, default=_now, server_default=LONG_AGO)
    updated_at: Mapped[datetime] = mapped_column(Time, default=_now, server_default=LONG_AGO)


class Offer(Base):
    """What listings need of a product, as JSON (see offer_document.py), and its product version."""

    __tablename__ = "offer"
    __table_args__ = platform_rows()

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    status: Mapped[str] = mapped_column(Key)
    version: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[str] = mapped_column(Text)


class MarketDocument(Base):
    """A published product as shoppers see it in one currency, at the catalogue's prices.

    Shared by all listings without prices of their own. It lacks its end, which is the listing's:
    see `listings.documents`.
    """

    __tablename__ = "market_document"
    __table_args__ = platform_rows()

    product_id: Mapped[str] = mapped_column(
        Key, ForeignKey("offer.product_id", ondelete="CASCADE"), primary_key=True
    )
    currency: Mapped[str] = mapped_column(Key, primary_key=True)
    document: Mapped[bytes] = mapped_column(LargeBinary)
