"""The catalogue's texts in other languages, and storefronts that are read in them.

The functions of before stay: instances of the version before ask for no locale.

Reversible: `downgrade` drops the translations.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import grant, isolate, share

revision = "0022"
down_revision = "0021"

DATABASE = "catalog_opt_in"

_first = import_module("services.catalog_opt_in.migrations.versions.0010_market_documents")
_filters = import_module("services.catalog_opt_in.migrations.versions.0012_store_filters")
_parts = import_module("services.catalog_opt_in.migrations.versions.0015_store_parts")
_search = import_module("services.catalog_opt_in.migrations.versions.0017_search")

# After the document of a listing `l`, each in a line of its own: its texts in those of the locales
# that it is translated into, in their order.
_TEXTS = """coalesce((SELECT string_agg(convert_to(chr(10), 'UTF8') || t.texts, ''::bytea
      ORDER BY array_position(%(locales)s, t.locale))
    FROM product_text t
    WHERE t.product_id = l.listing_id AND t.locale = ANY (%(locales)s)), ''::bytea)"""
# A parameter of the function is written into the statements that it makes.
_LOCALES = "' || quote_literal(p_locales) || '::text[]"
_QUOTED_TEXTS = _TEXTS.replace("'", "''").replace("%(locales)s", _LOCALES)


def _in_locales(function: str, document: str, texts: str, *, last: str) -> str:
    """Makes a function take locales, and give each document the texts in them."""
    made = (
        function.replace("CREATE OR REPLACE", "CREATE")
        .replace(f"{last} text\n)", f"{last} text, p_locales text[]\n)")
        .replace(f"{last} text)\nRETURNS", f"{last} text, p_locales text[])\nRETURNS")
    )
    return made.replace(document, f"{document} || {texts}")


FUNCTIONS = {
    "store_product(text, text, text[])": _in_locales(
        _first.STORE_PRODUCT,
        _first._DOCUMENT % "c.currency",
        _TEXTS % {"locales": "p_locales"},
        last="p_id_or_handle",
    ),
    "store_product_page(text, integer, integer, text, boolean, jsonb, text, text, text[])": (
        _in_locales(_search.STORE_PRODUCT_PAGE, _search._DOCUMENT, _QUOTED_TEXTS, last="p_whole")
    ),
    "store_variants(text, integer, integer, text, boolean, text[], text[], text[], text, text[])": (
        _in_locales(
            _parts.STORE_VARIANTS,
            _filters._quoted(_filters._DOCUMENT % "$8"),
            _QUOTED_TEXTS,
            last="p_query",
        )
    ),
    "store_options(text, integer, integer, text, boolean, text[], text[], text, text[])": (
        _in_locales(
            _parts.STORE_OPTIONS,
            _filters._quoted(_filters._DOCUMENT % "$7"),
            _QUOTED_TEXTS,
            last="p_query",
        )
    ),
}


def upgrade() -> None:
    op.create_table(
        "translation",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("translation_id", Key, nullable=False),
        sa.Column("reference_id", Key, nullable=False),
        sa.Column("locale", Key, nullable=False),
        sa.Column("product_id", Key),
        sa.Column("texts", JSONB, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "translation_id", name="pk_translation"),
        sa.UniqueConstraint(
            "tenant_id",
            "reference_id",
            "locale",
            name="uq_translation_tenant_id_reference_id_locale",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.product_id"],
            name="fk_translation_tenant_id_product_id",
            ondelete="CASCADE",
        ),
    )
    for columns in (
        ("product_id",),
        ("created_at", "translation_id"),
        ("updated_at", "translation_id"),
    ):
        op.create_index(
            f"ix_translation_tenant_id_{'_'.join(columns)}", "translation", ["tenant_id", *columns]
        )
    isolate(op, DATABASE, "translation", app="SELECT")
    op.create_table(
        "product_text",
        sa.Column("product_id", Key, nullable=False),
        sa.Column("locale", Key, nullable=False),
        sa.Column("texts", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["offer.product_id"],
            name="fk_product_text_product_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "locale", name="pk_product_text"),
    )
    grant(op, DATABASE, "product_text", app="SELECT")
    share(op, DATABASE, "product_text")
    for name, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {DATABASE}_app")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
    op.drop_table("product_text")
    op.drop_table("translation")
