"""Taxonomy and offers: the platform's rows."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog_opt_in.models.scopes import Base, platform_rows
from services.kernel.data.tables import Key, Time


class Collection(Base):
    __tablename__ = "collection"
    __table_args__ = platform_rows(UniqueConstraint("handle"))

    collection_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(Key)
    handle: Mapped[str] = mapped_column(Key)
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
    parent_id: Mapped[str | None] = mapped_column(Key, ForeignKey("category.category_id"))
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


class ProductType(Base):
    __tablename__ = "product_type"
    __table_args__ = platform_rows(UniqueConstraint("value"))

    type_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[str] = mapped_column(Key)


class Offer(Base):
    """What listings need of a product, as JSON (see offer_document.py), and its product version."""

    __tablename__ = "offer"
    __table_args__ = platform_rows()

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    status: Mapped[str] = mapped_column(Key)
    version: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[str] = mapped_column(Text)
