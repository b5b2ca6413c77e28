"""The master products: the head office's own rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, Relationship, mapped_column, relationship

from services.catalog_opt_in.models.scopes import Base, tenant_rows
from services.catalog_opt_in.models.taxonomy import ProductType, Tag
from services.kernel.data.tables import Key, TenantOwned, Time


def _of_product(*columns: str, parent: str = "product") -> ForeignKeyConstraint:
    """Links a part to its parent row, and deletes it with that."""
    key = ["tenant_id", "product_id", *columns]
    return ForeignKeyConstraint(key, [f"{parent}.{name}" for name in key], ondelete="CASCADE")


def _parts(by: str, *, secondary: str | None = None) -> "Relationship[Any]":
    """Declares parts that are loaded with their parent, but written separately."""
    return relationship(viewonly=True, lazy="raise", order_by=by, secondary=secondary)


class Product(TenantOwned, Base):
    __tablename__ = "product"
    __table_args__ = tenant_rows(
        UniqueConstraint("tenant_id", "handle"),
        CheckConstraint("status IN ('DRAFT', 'PROPOSED', 'PUBLISHED', 'REJECTED')", name="status"),
        Index(None, "tenant_id", "created_at", "product_id"),
        Index(None, "tenant_id", "updated_at", "product_id"),
        Index(None, "tenant_id", "title_key", "product_id"),
        Index(None, "tenant_id", "collection_id", "product_id"),
    )

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(Key)
    subtitle: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    handle: Mapped[str] = mapped_column(Key)
    status: Mapped[str] = mapped_column(Key)
    thumbnail: Mapped[str] = mapped_column(Text)
    search: Mapped[str] = mapped_column(Key)
    collection_id: Mapped[str | None] = mapped_column(Key, ForeignKey("collection.collection_id"))
    type_id: Mapped[str | None] = mapped_column(Key, ForeignKey("product_type.type_id"))
    version: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(Time)

    images: Mapped[list["ProductImage"]] = _parts("ProductImage.place")
    options: Mapped[list["ProductOption"]] = _parts("ProductOption.place")
    variants: Mapped[list["Variant"]] = _parts("Variant.place")
    categories: Mapped[list["ProductCategory"]] = _parts("ProductCategory.place")
    tags: Mapped[list["Tag"]] = _parts("ProductTag.place", secondary="product_tag")
    type: Mapped["ProductType | None"] = relationship(viewonly=True, lazy="raise")


class Part(TenantOwned):
    """A part of a product, ordered by place among parts of its kind."""

    product_id: Mapped[str]
    place: Mapped[int] = mapped_column(Integer, sort_order=1)


class ProductImage(Part, Base):
    __tablename__ = "product_image"
    __table_args__ = tenant_rows(_of_product())

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    image_id: Mapped[str] = mapped_column(Key, primary_key=True)
    url: Mapped[str] = mapped_column(Text)


class ProductOption(Part, Base):
    __tablename__ = "product_option"
    __table_args__ = tenant_rows(_of_product())

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    option_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)

    values: Mapped[list["OptionValue"]] = _parts("OptionValue.place")


class OptionValue(Part, Base):
    __tablename__ = "option_value"
    __table_args__ = tenant_rows(_of_product("option_id", parent="product_option"))

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    option_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Variant(Part, Base):
    __tablename__ = "variant"
    __table_args__ = tenant_rows(
        _of_product(),
        UniqueConstraint("tenant_id", "sku"),
        CheckConstraint("weight_grams >= 0", name="weight"),
    )

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    variant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    # Null, not empty, if there is none: a unique column may have many nulls.
    sku: Mapped[str | None] = mapped_column(Key)
    barcode: Mapped[str] = mapped_column(Key)
    weight_grams: Mapped[int] = mapped_column(Integer)

    choices: Mapped[list["VariantChoice"]] = _parts("VariantChoice.option_id")
    prices: Mapped[list["VariantPrice"]] = _parts("VariantPrice.currency")


class VariantChoice(TenantOwned, Base):
    """A variant's value for one of the product's options."""

    __tablename__ = "variant_choice"
    __table_args__ = tenant_rows(
        _of_product("variant_id", parent="variant"),
        _of_product("option_id", "value_id", parent="option_value"),
    )

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    variant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    option_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value_id: Mapped[str] = mapped_column(Key)


class VariantPrice(TenantOwned, Base):
    """The catalogue's price of a variant in one currency."""

    __tablename__ = "variant_price"
    __table_args__ = tenant_rows(
        _of_product("variant_id", parent="variant"),
        CheckConstraint("amount_minor > 0", name="amount"),
    )

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    variant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    currency: Mapped[str] = mapped_column(Key, primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class ProductCategory(Part, Base):
    __tablename__ = "product_category"
    __table_args__ = tenant_rows(
        _of_product(), Index(None, "tenant_id", "category_id", "product_id")
    )

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    category_id: Mapped[str] = mapped_column(
        Key, ForeignKey("category.category_id"), primary_key=True
    )


class ProductTag(Part, Base):
    __tablename__ = "product_tag"
    __table_args__ = tenant_rows(_of_product())

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    tag_id: Mapped[str] = mapped_column(Key, ForeignKey("tag.tag_id"), primary_key=True)
