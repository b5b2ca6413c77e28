"""Collections, categories, tags, types and quotes are read in other languages, as products are.

The functions of before stay: instances of the version before ask for no locale.

Reversible: `downgrade` drops what this adds.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key
from services.kernel.serving.migrations import grant, share

revision = "0026"
down_revision = "0025"

DATABASE = "catalog_opt_in"

_reads = import_module("services.catalog_opt_in.migrations.versions.0011_store_reads")
_quotes = import_module("services.catalog_opt_in.migrations.versions.0024_quotes")
_places = import_module("services.catalog_opt_in.migrations.versions.0016_metadata_in_shops")
_terms = import_module("services.catalog_opt_in.migrations.versions.0020_terms_in_shops")

# Each in a line of its own: the texts of what has an id, in the order of the locales.
_TEXTS = """(SELECT string_agg(x.texts, convert_to(chr(10), 'UTF8')
        ORDER BY array_position(p_locales, x.locale))
      FROM taxonomy_text x WHERE x.reference_id = %s AND x.locale = ANY (p_locales))"""
_TEXTS_OF_PRODUCT = """(SELECT string_agg(x.texts, convert_to(chr(10), 'UTF8')
          ORDER BY array_position(p_locales, x.locale))
        FROM product_text x WHERE x.product_id = l.listing_id AND x.locale = ANY (p_locales))"""
_TITLE = """coalesce((SELECT t.title FROM product_title t
        WHERE t.product_id = l.listing_id AND t.locale = ANY (p_locales)
        ORDER BY array_position(p_locales, t.locale) LIMIT 1), l.title)"""


def _with_texts(function: str, key: str) -> str:
    return (
        function.replace("(p_tenant text)", "(p_tenant text, p_locales text[])")
        .replace("metadata text)", "metadata text, texts bytea)")
        .replace("metadata::text\n", f"metadata::text, {_TEXTS % key}\n")
    )


def _with_titles(function: str) -> str:
    return function.replace("p_most integer)", "p_most integer, p_locales text[])").replace(
        "l.listing_id, l.title,", f"l.listing_id, {_TITLE},"
    )


FUNCTIONS = {
    "shown_collections(text, text[])": _with_texts(
        _places.FUNCTIONS["shown_collections"], "c.collection_id"
    ),
    "shown_categories(text, text[])": _with_texts(
        _places.FUNCTIONS["shown_categories"], "c.category_id"
    ),
    "shown_tags(text, text[])": _with_texts(_terms.FUNCTIONS["shown_tags"], "t.tag_id"),
    "shown_types(text, text[])": _with_texts(_terms.FUNCTIONS["shown_types"], "t.type_id"),
    "store_quotes(text, text[], text[])": _quotes.STORE_QUOTES.replace(
        "p_variants text[])\n", "p_variants text[], p_locales text[])\n"
    )
    # As for pages of products: no whole table is read, and what is read is in memory.
    .replace("pg_temp AS", "pg_temp SET random_page_cost = 1.1 SET enable_seqscan = off AS")
    .replace("own_prices jsonb)", "own_prices jsonb, texts bytea)")
    .replace("shown.own_prices\n", "shown.own_prices, shown.texts\n")
    .replace("AS own_prices\n", f"AS own_prices, {_TEXTS_OF_PRODUCT} AS texts\n"),
    "store_products_in_collections(text, text[], integer, text[])": _with_titles(
        _reads.STORE_PRODUCTS_IN_COLLECTIONS
    ),
    "store_products_in_categories(text, text[], integer, text[])": _with_titles(
        _reads.STORE_PRODUCTS_IN_CATEGORIES
    ),
}


def upgrade() -> None:
    op.create_table(
        "product_title",
        sa.Column("product_id", Key, nullable=False),
        sa.Column("locale", Key, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_key", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["offer.product_id"],
            name="fk_product_title_product_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "locale", name="pk_product_title"),
    )
    op.create_index(
        "ix_product_title_locale_title_key_product_id",
        "product_title",
        ["locale", "title_key", "product_id"],
    )
    op.create_table(
        "taxonomy_text",
        sa.Column("reference_id", Key, nullable=False),
        sa.Column("locale", Key, nullable=False),
        sa.Column("texts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("reference_id", "locale", name="pk_taxonomy_text"),
    )
    for table in ("product_title", "taxonomy_text"):
        grant(op, DATABASE, table, app="SELECT")
        share(op, DATABASE, table)
    for name, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {DATABASE}_app")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
    for table in ("taxonomy_text", "product_title"):
        op.drop_table(table)
