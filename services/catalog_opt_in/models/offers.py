"""The parts of offers that products are found by: the platform's rows."""

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog_opt_in.models.scopes import Base, platform_rows
from services.kernel.data.tables import Key


def _offer() -> ForeignKey:
    return ForeignKey("offer.product_id", ondelete="CASCADE")


class OfferOption(Base):
    """An option of a product."""

    __tablename__ = "offer_option"
    __table_args__ = platform_rows(
        Index("ix_offer_option_option_id", "option_id"),
        Index("ix_offer_option_title", "title"),
        Index("ix_offer_option_title_key", "title_key", "option_id"),
    )

    product_id: Mapped[str] = mapped_column(Key, _offer(), primary_key=True)
    option_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(Key)


class OfferValue(Base):
    """A value of an option of a product.

    A row and not in an array of its option's: row-level security keeps conditions on arrays, which
    are not leakproof, away from indexes.
    """

    __tablename__ = "offer_value"
    __table_args__ = platform_rows(
        Index("ix_offer_value_option_id", "option_id"), Index("ix_offer_value_value_id", "value_id")
    )

    product_id: Mapped[str] = mapped_column(Key, _offer(), primary_key=True)
    option_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value_id: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class OfferVariant(Base):
    """A variant of a product, the values it has of options, and the currencies of its prices."""

    __tablename__ = "offer_variant"
    __table_args__ = platform_rows(
        *(
            Index(f"ix_offer_variant_{column}", column)
            for column in ("variant_id", "sku", "ean", "upc", "barcode")
        ),
        Index("ix_offer_variant_title_key", "title_key", "variant_id"),
    )

    product_id: Mapped[str] = mapped_column(Key, _offer(), primary_key=True)
    variant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    title_key: Mapped[str] = mapped_column(Key)
    search: Mapped[str] = mapped_column(Key)
    sku: Mapped[str | None] = mapped_column(Key)
    ean: Mapped[str | None] = mapped_column(Key)
    upc: Mapped[str | None] = mapped_column(Key)
    barcode: Mapped[str | None] = mapped_column(Key)
    value_ids: Mapped[list[str]] = mapped_column(ARRAY(Text))
    currencies: Mapped[list[str]] = mapped_column(ARRAY(Text))
