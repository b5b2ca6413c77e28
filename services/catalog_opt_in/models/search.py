"""What products are searched by: the platform's rows."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog_opt_in.models.scopes import Base, open_rows, platform_rows
from services.kernel.data.tables import Key


def _words_of(column: str) -> Index:
    return Index(None, column, postgresql_using="gin")


class ProductWords(Base):
    """The words of a product, those of its title also alone."""

    __tablename__ = "product_words"
    __table_args__ = open_rows(_words_of("title"), _words_of("words"))

    product_id: Mapped[str] = mapped_column(
        Key, ForeignKey("offer.product_id", ondelete="CASCADE"), primary_key=True
    )
    title: Mapped[str] = mapped_column(TSVECTOR)
    words: Mapped[str] = mapped_column(TSVECTOR)


class Spelling(Base):
    """What a word of some product becomes without one of its letters, and the word itself."""

    __tablename__ = "spelling"
    __table_args__ = platform_rows()

    spelling: Mapped[str] = mapped_column(Key, primary_key=True)
    word: Mapped[str] = mapped_column(Key, primary_key=True)
