"""The tables of this service.

Three kinds. Taxonomy and `offer` belong to the platform: the head office writes them through the
platform's door, and every tenant may read them. The master products are the head office's own rows.
What a tenant sells is the tenant's, down to the finished document, so that a storefront never reads
anybody else's rows.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Relationship, mapped_column, relationship
from sqlalchemy.schema import SchemaItem

from services.kernel.tables import NAMING, Key, TenantOwned, Time


class Base(DeclarativeBase):
    """The tables that are this service's own."""

    metadata = MetaData(naming_convention=NAMING)


TableArgs = tuple[SchemaItem | dict[str, Any], ...]


def _platform(*items: SchemaItem) -> TableArgs:
    return (*items, {"info": {"scope": "platform"}})


def _tenant(*items: SchemaItem) -> TableArgs:
    return (*items, {"info": {"scope": "tenant"}})


def _of_product(*columns: str, parent: str = "product") -> ForeignKeyConstraint:
    """Ties a part to the row that it is a part of, and removes it together with that."""
    key = ["tenant_id", "product_id", *columns]
    return ForeignKeyConstraint(key, [f"{parent}.{name}" for name in key], ondelete="CASCADE")


def _parts(by: str, *, secondary: str | None = None) -> "Relationship[Any]":
    """Parts to be read together with what they are parts of; they are written on their own."""
    return relationship(viewonly=True, lazy="raise", order_by=by, secondary=secondary)


class Collection(Base):
    __tablename__ = "collection"
    __table_args__ = _platform(UniqueConstraint("handle"))

    collection_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(Key)
    handle: Mapped[str] = mapped_column(Key)
    version: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(Time)


class Category(Base):
    __tablename__ = "category"
    __table_args__ = _platform(UniqueConstraint("handle"), Index(None, "parent_id"))

    category_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(Key)
    handle: Mapped[str] = mapped_column(Key)
    description: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[str | None] = mapped_column(Key, ForeignKey("category.category_id"))
    rank: Mapped[int] = mapped_column(Integer)
    # How far below the top, from 0: so that one sort puts parents before their children.
    depth: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(Time)


class Tag(Base):
    __tablename__ = "tag"
    __table_args__ = _platform(UniqueConstraint("value"))

    tag_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[str] = mapped_column(Key)


class ProductType(Base):
    __tablename__ = "product_type"
    __table_args__ = _platform(UniqueConstraint("value"))

    type_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[str] = mapped_column(Key)


class Offer(Base):
    """What a listing needs of a product, as JSON (see offers.py), and the version that it is of."""

    __tablename__ = "offer"
    __table_args__ = _platform()

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    status: Mapped[str] = mapped_column(Key)
    version: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[str] = mapped_column(Text)


class Product(TenantOwned, Base):
    __tablename__ = "product"
    __table_args__ = _tenant(
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
    """A part of a product; parts of one kind have a place among themselves."""

    product_id: Mapped[str]
    place: Mapped[int] = mapped_column(Integer, sort_order=1)


class ProductImage(Part, Base):
    __tablename__ = "product_image"
    __table_args__ = _tenant(_of_product())

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    image_id: Mapped[str] = mapped_column(Key, primary_key=True)
    url: Mapped[str] = mapped_column(Text)


class ProductOption(Part, Base):
    __tablename__ = "product_option"
    __table_args__ = _tenant(_of_product())

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    option_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)

    values: Mapped[list["OptionValue"]] = _parts("OptionValue.place")


class OptionValue(Part, Base):
    __tablename__ = "option_value"
    __table_args__ = _tenant(_of_product("option_id", parent="product_option"))

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    option_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Variant(Part, Base):
    __tablename__ = "variant"
    __table_args__ = _tenant(
        _of_product(),
        UniqueConstraint("tenant_id", "sku"),
        CheckConstraint("weight_grams >= 0", name="weight"),
    )

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    variant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    # Null, not empty, when there is none: only then may many have none.
    sku: Mapped[str | None] = mapped_column(Key)
    barcode: Mapped[str] = mapped_column(Key)
    weight_grams: Mapped[int] = mapped_column(Integer)

    choices: Mapped[list["VariantChoice"]] = _parts("VariantChoice.option_id")
    prices: Mapped[list["VariantPrice"]] = _parts("VariantPrice.currency")


class VariantChoice(TenantOwned, Base):
    """Which value a variant has of one of the product's options."""

    __tablename__ = "variant_choice"
    __table_args__ = _tenant(
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
    __table_args__ = _tenant(
        _of_product("variant_id", parent="variant"),
        CheckConstraint("amount_minor > 0", name="amount"),
    )

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    variant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    currency: Mapped[str] = mapped_column(Key, primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class ProductCategory(Part, Base):
    __tablename__ = "product_category"
    __table_args__ = _tenant(_of_product(), Index(None, "tenant_id", "category_id", "product_id"))

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    category_id: Mapped[str] = mapped_column(
        Key, ForeignKey("category.category_id"), primary_key=True
    )


class ProductTag(Part, Base):
    __tablename__ = "product_tag"
    __table_args__ = _tenant(_of_product())

    product_id: Mapped[str] = mapped_column(Key, primary_key=True)
    tag_id: Mapped[str] = mapped_column(Key, ForeignKey("tag.tag_id"), primary_key=True)


def _of_listing() -> ForeignKeyConstraint:
    key = ["tenant_id", "listing_id"]
    return ForeignKeyConstraint(key, [f"listing.{name}" for name in key], ondelete="CASCADE")


def _shown(*columns: str) -> Index:
    """An index in which a page of the storefront is one range."""
    return Index(
        f"ix_listing_shown_{columns[0]}",
        "tenant_id",
        *columns,
        "listing_id",
        postgresql_where=text("visible"),
    )


class Listing(TenantOwned, Base):
    """A tenant's opt-in to one product, with the document that its storefront shows.

    `listing_id` is the product's id. `priced` says that the document has something to sell;
    `visible` is what `listings.rules` decides of state, product_status and priced.
    """

    __tablename__ = "listing"
    __table_args__ = _tenant(
        UniqueConstraint("tenant_id", "handle"),
        CheckConstraint("state IN ('LIVE', 'HIDDEN')", name="state"),
        Index(None, "tenant_id", "created_at", "listing_id"),
        _shown("offered_at"),
        _shown("updated_at"),
        _shown("title_key"),
        _shown("collection_id"),
    )

    listing_id: Mapped[str] = mapped_column(Key, primary_key=True)
    state: Mapped[str] = mapped_column(Key)
    product_status: Mapped[str] = mapped_column(Key)
    priced: Mapped[bool]
    visible: Mapped[bool]
    title: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(Key)
    handle: Mapped[str] = mapped_column(Key)
    thumbnail: Mapped[str] = mapped_column(Text)
    search: Mapped[str] = mapped_column(Key)
    collection_id: Mapped[str | None] = mapped_column(Key, ForeignKey("collection.collection_id"))
    type_id: Mapped[str | None] = mapped_column(Key, ForeignKey("product_type.type_id"))
    document: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(BigInteger)
    # When the head office made the product, which is the created_at that shoppers see.
    offered_at: Mapped[datetime] = mapped_column(Time)
    created_at: Mapped[datetime] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(Time)


class ListingPrice(TenantOwned, Base):
    """The tenant's own price of a variant, in its currency."""

    __tablename__ = "listing_price"
    __table_args__ = _tenant(_of_listing(), CheckConstraint("amount_minor > 0", name="amount"))

    listing_id: Mapped[str] = mapped_column(Key, primary_key=True)
    variant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class ListingCategory(TenantOwned, Base):
    """The categories that a listing is in, and those above them."""

    __tablename__ = "listing_category"
    __table_args__ = _tenant(_of_listing(), Index(None, "tenant_id", "listing_id"))

    category_id: Mapped[str] = mapped_column(
        Key, ForeignKey("category.category_id"), primary_key=True
    )
    listing_id: Mapped[str] = mapped_column(Key, primary_key=True)


class ListingTag(TenantOwned, Base):
    __tablename__ = "listing_tag"
    __table_args__ = _tenant(_of_listing(), Index(None, "tenant_id", "listing_id"))

    tag_id: Mapped[str] = mapped_column(Key, ForeignKey("tag.tag_id"), primary_key=True)
    listing_id: Mapped[str] = mapped_column(Key, primary_key=True)


class TenantCatalogue(TenantOwned, Base):
    """One row a tenant: its version rises with every change of what its storefront shows."""

    __tablename__ = "tenant_catalogue"
    __table_args__ = _tenant()

    currency: Mapped[str] = mapped_column(Key)
    version: Mapped[int] = mapped_column(BigInteger)
    visible_count: Mapped[int] = mapped_column(BigInteger)
