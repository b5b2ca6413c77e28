"""Texts in other languages: the head office's translations, and what products show of them."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog_opt_in.models.scopes import Base, platform_rows, tenant_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class Translation(TenantOwned, Base):
    """The texts of one thing in one locale, by field; `product_id` is whose part it is, if any."""

    __tablename__ = "translation"
    __table_args__ = tenant_rows(
        UniqueConstraint("tenant_id", "reference_id", "locale"),
        ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.product_id"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "product_id"),
        Index(None, "tenant_id", "created_at", "translation_id"),
        Index(None, "tenant_id", "updated_at", "translation_id"),
    )

    translation_id: Mapped[str] = mapped_column(Key, primary_key=True)
    reference_id: Mapped[str] = mapped_column(Key)
    locale: Mapped[str] = mapped_column(Key)
    product_id: Mapped[str | None] = mapped_column(Key)
    texts: Mapped[dict[str, str]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(Time)


class ProductText(Base):
    """All translated texts that a product shows in one locale, as JSON by id and field.

    Shared by its documents in all markets, and in listings with prices of their own.
    """

    __tablename__ = "product_text"
    __table_args__ = platform_rows()

    product_id: Mapped[str] = mapped_column(
        Key, ForeignKey("offer.product_id", ondelete="CASCADE"), primary_key=True
    )
    locale: Mapped[str] = mapped_column(Key, primary_key=True)
    texts: Mapped[bytes] = mapped_column(LargeBinary)


class ProductTitle(Base):
    """A product's translated title in one locale, as it is sorted by."""

    __tablename__ = "product_title"
    __table_args__ = platform_rows(Index(None, "locale", "title_key", "product_id"))

    product_id: Mapped[str] = mapped_column(
        Key, ForeignKey("offer.product_id", ondelete="CASCADE"), primary_key=True
    )
    locale: Mapped[str] = mapped_column(Key, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(Key)


class TaxonomyText(Base):
    """The texts of a collection, a category, a tag or a type in one locale, as JSON by field."""

    __tablename__ = "taxonomy_text"
    __table_args__ = platform_rows()

    reference_id: Mapped[str] = mapped_column(Key, primary_key=True)
    locale: Mapped[str] = mapped_column(Key, primary_key=True)
    texts: Mapped[bytes] = mapped_column(LargeBinary)
