"""Price lists: sales, and prices that replace others, for a time or for some customers.

The function of before stays: instances of the version before ask for no groups.

Reversible: `downgrade` drops the lists; a listing keeps the prices that it last showed until the
next change of it or of its product.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0029"
down_revision = "0028"

DATABASE = "catalog_opt_in"

_translated = import_module("services.catalog_opt_in.migrations.versions.0026_translated_lists")

# Those in force at a moment, of a listing `l`, for everybody and for these groups.
_LIST_PRICES = """(SELECT json_agg(json_build_array(p.variant_id, p.price_list_id, s.type,
            p.currency, p.amount_minor, p.min_quantity, p.max_quantity, s.group_ids <> '{}'))
          FROM price_list_price p JOIN price_list s
            ON s.tenant_id = p.tenant_id AND s.price_list_id = p.price_list_id
          WHERE p.tenant_id = p_tenant AND p.listing_id = l.listing_id AND s.status = 'ACTIVE'
            AND (s.group_ids = '{}' OR s.group_ids && p_groups)
            AND coalesce(s.starts_at <= p_now, true) AND coalesce(s.ends_at > p_now, true))"""
STORE_QUOTES = (
    _translated.FUNCTIONS["store_quotes(text, text[], text[])"]
    .replace("p_locales text[])", "p_locales text[], p_groups text[], p_now timestamptz)")
    .replace("own_prices jsonb,", "own_prices jsonb, list_prices json,")
    .replace("shown.own_prices,", "shown.own_prices, shown.list_prices,")
    .replace("AS own_prices,", f"AS own_prices, {_LIST_PRICES} AS list_prices,")
)
_NAME = "store_quotes(text, text[], text[], text[], timestamptz)"


def upgrade() -> None:
    op.create_table(
        "price_list",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("price_list_id", Key, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("type", Key, nullable=False),
        sa.Column("status", Key, nullable=False),
        sa.Column("starts_at", Time),
        sa.Column("ends_at", Time),
        sa.Column("turns_at", Time),
        sa.Column("group_ids", ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.CheckConstraint("type IN ('SALE', 'OVERRIDE')", name="ck_price_list_type"),
        sa.CheckConstraint("status IN ('DRAFT', 'ACTIVE')", name="ck_price_list_status"),
        sa.PrimaryKeyConstraint("tenant_id", "price_list_id", name="pk_price_list"),
    )
    op.create_index(
        "ix_price_list_tenant_id_created_at_price_list_id",
        "price_list",
        ["tenant_id", "created_at", "price_list_id"],
    )
    op.create_index(
        "ix_price_list_turning",
        "price_list",
        ["tenant_id", "turns_at"],
        postgresql_where=sa.text("turns_at IS NOT NULL"),
    )
    isolate(op, DATABASE, "price_list", platform="SELECT")
    op.create_table(
        "price_list_price",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("price_id", Key, nullable=False),
        sa.Column("price_list_id", Key, nullable=False),
        sa.Column("listing_id", Key, nullable=False),
        sa.Column("variant_id", Key, nullable=False),
        sa.Column("currency", Key, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("min_quantity", sa.Integer(), nullable=False),
        sa.Column("max_quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="ck_price_list_price_amount"),
        sa.CheckConstraint(
            "min_quantity >= 0 AND max_quantity >= 0", name="ck_price_list_price_quantities"
        ),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", key],
                [f"{table}.tenant_id", f"{table}.{key}"],
                name=f"fk_price_list_price_tenant_id_{key}",
                ondelete="CASCADE",
            )
            for table, key in (("price_list", "price_list_id"), ("listing", "listing_id"))
        ),
        sa.PrimaryKeyConstraint("tenant_id", "price_id", name="pk_price_list_price"),
    )
    op.create_index(
        "ix_price_list_price_tenant_id_price_list_id",
        "price_list_price",
        ["tenant_id", "price_list_id"],
    )
    op.create_index(
        "ix_price_list_price_tenant_id_listing_id", "price_list_price", ["tenant_id", "listing_id"]
    )
    isolate(op, DATABASE, "price_list_price", platform="SELECT")
    op.execute(STORE_QUOTES)
    op.execute(f"REVOKE EXECUTE ON FUNCTION {_NAME} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_NAME} TO {DATABASE}_app")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {_NAME}")
    op.drop_table("price_list_price")
    op.drop_table("price_list")
