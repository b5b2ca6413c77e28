"""What each tenant sells: its own rows."""

import time
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog_opt_in.models.scopes import Base, tenant_rows
from services.kernel.data.tables import Key, TenantOwned, Time


def _of_listing() -> ForeignKeyConstraint:
    key = ["tenant_id", "listing_id"]
    return ForeignKeyConstraint(key, [f"listing.{name}" for name in key], ondelete="CASCADE")


def _shown(*columns: str) -> Index:
    """Makes an index in which a storefront page is a single range."""
    return Index(
        f"ix_listing_shown_{columns[0]}",
        "tenant_id",
        *columns,
        "listing_id",
        postgresql_where=text("visible"),
    )


class Listing(TenantOwned, Base):
    """A tenant's opt-in to one product.

    `listing_id` is the product's id. `priced` says whether there is something to sell in the
    tenant's currency; `visible` is derived from state, product_status and priced by
    `listings.rules`. `own_document` is null if the market's is shown; see `listings.documents`.
    """

    __tablename__ = "listing"
    __table_args__ = tenant_rows(
        UniqueConstraint("tenant_id", "handle"),
        CheckConstraint("state IN ('LIVE', 'HIDDEN')", name="state"),
        Index(None, "tenant_id", "created_at", "listing_id"),
        _shown("offered_at"),
        _shown("updated_at"),
        _shown("title_key"),
        _shown("collection_id"),
        _shown("type_id"),
        _shown("lowest_minor"),
        # What is not shown is taken from the counts of what is in a place.
        Index("ix_listing_hidden", "tenant_id", "listing_id", postgresql_where=text("NOT visible")),
        Index(
            "ix_listing_giftcard",
            "tenant_id",
            "listing_id",
            postgresql_where=text("visible AND is_giftcard"),
        ),
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
    # The lowest price of a variant; null is from before it was stored, or nothing is for sale.
    lowest_minor: Mapped[int | None] = mapped_column(BigInteger)
    # Of what was stored before this was, false, until it is rebuilt.
    is_giftcard: Mapped[bool] = mapped_column(server_default="false")
    own_document: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Whole, as instances of the version before write it while they are replaced; it precedes the
    # others, since they do not see them.
    document: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Of own_document and the folded columns; null is from before formats were counted.
    format: Mapped[int | None] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(BigInteger)
    # When the head office created the product: the created_at that shoppers see.
    offered_at: Mapped[datetime] = mapped_column(Time)
    created_at: Mapped[datetime] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(Time)


class ListingPrice(TenantOwned, Base):
    """The tenant's own price of a variant, in its currency."""

    __tablename__ = "listing_price"
    __table_args__ = tenant_rows(_of_listing(), CheckConstraint("amount_minor > 0", name="amount"))

    listing_id: Mapped[str] = mapped_column(Key, primary_key=True)
    variant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class ListingCategory(TenantOwned, Base):
    """The categories that a listing is in, and those above them."""

    __tablename__ = "listing_category"
    __table_args__ = tenant_rows(_of_listing(), Index(None, "tenant_id", "listing_id"))

    category_id: Mapped[str] = mapped_column(
        Key, ForeignKey("category.category_id"), primary_key=True
    )
    listing_id: Mapped[str] = mapped_column(Key, primary_key=True)


class ListingTag(TenantOwned, Base):
    __tablename__ = "listing_tag"
    __table_args__ = tenant_rows(_of_listing(), Index(None, "tenant_id", "listing_id"))

    tag_id: Mapped[str] = mapped_column(Key, ForeignKey("tag.tag_id"), primary_key=True)
    listing_id: Mapped[str] = mapped_column(Key, primary_key=True)


class TenantCatalogue(TenantOwned, Base):
    """One row per tenant; its version rises with every change of what its storefront shows."""

    __tablename__ = "tenant_catalogue"
    __table_args__ = tenant_rows(CheckConstraint("visible_count >= 0", name="visible_count"))

    currency: Mapped[str] = mapped_column(Key)
    version: Mapped[int] = mapped_column(BigInteger)
    visible_count: Mapped[int] = mapped_column(BigInteger)


def first_version() -> int:
    """Returns the version of a catalogue that has none yet, by the clock in microseconds.

    So none recurs with other contents after a database was restored from a backup: caches would
    take what they hold of the lost one for this one. It is this process's clock, not the
    database's, since no statement may compute what differs between the nodes of a cluster.
    """
    return time.time_ns() // 1_000


def next_version() -> ColumnElement[int]:
    """Returns what a catalogue's version becomes with a change; it rises under any clock."""
    return func.greatest(TenantCatalogue.version + 1, first_version(), type_=BigInteger)
