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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Relationship, mapped_column, relationship

from services.catalog_opt_in.models.scopes import Base, tenant_rows
from services.catalog_opt_in.models.taxonomy import Category, Collection, ProductType, Tag
from services.kernel.data.tables import Key, TenantOwned, Time


def _of_product(*columns: str, parent: str = "product") -> ForeignKeyConstraint:
    """Links a part to its parent row, and deletes it with that."""
    key = ["tenant_id", "product_id", *columns]
    return ForeignKeyConstraint(key, [f"{parent}.{name}" for name in key], ondelete="CASCADE")


def _parts(by: str, *, secondary: str | None = None) -> "Relationship[Any]":
    """Declares parts that are loaded with their parent, but written separately."""
    return relationship(viewonly=True, lazy="raise", order_by=by, secondary=secondary)


def _unique_unless_deleted(column: str) -> Index:
    """Makes what a deleted product had free for another."""
    there = text("deleted_at IS NULL")
    return Index(None, "tenant_id", column, unique=True, postgresql_where=there)


class _Goods:
    """What customs and carriers ask of a product, and of a variant that differs from it.

    Lengths are in millimetres; 0 and an empty text mean not known.
    """

    length: Mapped[int] = mapped_column(Integer, server_default="0")
    width: Mapped[int] = mapped_column(Integer, server_default="0")
    height: Mapped[int] = mapped_column(Integer, server_default="0")
    hs_code: Mapped[str] = mapped_column(Text, server_default="")
    mid_code: Mapped[str] = mapped_column(Text, server_default="")
    origin_country: Mapped[str] = mapped_column(Text, server_default="")
    material: Mapped[str] = mapped_column(Text, server_default="")
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))


class Product(_Goods, TenantOwned, Base):
    """A product; one that was deleted is kept, but nothing refers to it."""

    __tablename__ = "product"
    __table_args__ = tenant_rows(
        _unique_unless_deleted("handle"),
        CheckConstraint("status IN ('DRAFT', 'PROPOSED', 'PUBLISHED', 'REJECTED')", name="status"),
        Index(None, "tenant_id", "created_at", "product_id"),
        Index(None, "tenant_id", "updated_at", "product_id"),
        Index(None, "tenant_id", "title_key", "product_id"),
        Index(None, "tenant_id", "collection_id", "product_id"),
        # Also of deleted ones, unlike the unique one.
        Index(None, "tenant_id", "handle", "product_id"),
        Index(None, "tenant_id", "status", "product_id"),
        Index(None, "tenant_id", "product_id", postgresql_where=text("is_giftcard")),
        Index(None, "tenant_id", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
        Index(None, "tenant_id", "external_id", postgresql_where=text("external_id <> ''")),
        Index(None, "tenant_id", "type_id", postgresql_where=text("type_id IS NOT NULL")),
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
    external_id: Mapped[str] = mapped_column(Key, server_default="")
    discountable: Mapped[bool] = mapped_column(server_default="true")
    is_giftcard: Mapped[bool] = mapped_column(server_default="false")
    weight: Mapped[int] = mapped_column(Integer, server_default="0")
    shipping_profile_id: Mapped[str] = mapped_column(Key, server_default="")
    version: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(Time)
    deleted_at: Mapped[datetime | None] = mapped_column(Time)

    images: Mapped[list["ProductImage"]] = _parts("ProductImage.place")
    options: Mapped[list["ProductOption"]] = _parts("ProductOption.place")
    variants: Mapped[list["Variant"]] = _parts("Variant.place")
    categories: Mapped[list["ProductCategory"]] = _parts("ProductCategory.place")
    tags: Mapped[list["Tag"]] = _parts("ProductTag.place", secondary="product_tag")
    type: Mapped["ProductType | None"] = relationship(viewonly=True, lazy="raise")
    collection: Mapped["Collection | None"] = relationship(viewonly=True, lazy="raise")


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
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))


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


class Variant(_Goods, Part, Base):
    """A unit of sale.

    `conditional_prices` and `inventory_items` are lists of what `products.model` calls so.
    """

    __tablename__ = "variant"
    __table_args__ = tenant_rows(
        _of_product(),
        _unique_unless_deleted("sku"),
        Index(None, "tenant_id", "sku", "product_id"),
        *(
            Index(None, "tenant_id", code, "product_id", postgresql_where=text(f"{code} <> ''"))
            for code in ("barcode", "ean", "upc")
        ),
        CheckConstraint("weight_grams >= 0", name="weight"),
    )

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    variant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    # Null, not empty, if there is none: a unique column may have many nulls.
    sku: Mapped[str | None] = mapped_column(Key)
    barcode: Mapped[str] = mapped_column(Key)
    weight_grams: Mapped[int] = mapped_column(Integer)
    ean: Mapped[str] = mapped_column(Key, server_default="")
    upc: Mapped[str] = mapped_column(Key, server_default="")
    manage_inventory: Mapped[bool] = mapped_column(server_default="true")
    allow_backorder: Mapped[bool] = mapped_column(server_default="false")
    conditional_prices: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    inventory_items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    # That of its product, so that its SKU is free for another.
    deleted_at: Mapped[datetime | None] = mapped_column(Time)

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

    category: Mapped["Category"] = relationship(viewonly=True, lazy="raise")

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    category_id: Mapped[str] = mapped_column(
        Key, ForeignKey("category.category_id"), primary_key=True
    )


class ProductTag(Part, Base):
    __tablename__ = "product_tag"
    __table_args__ = tenant_rows(_of_product(), Index(None, "tenant_id", "tag_id", "product_id"))

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    tag_id: Mapped[str] = mapped_column(Key, ForeignKey("tag.tag_id"), primary_key=True)
