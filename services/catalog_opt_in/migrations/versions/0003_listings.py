"""What tenants sell: their listings, with the documents that their storefronts show.

Reversible: `downgrade` drops everything.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0003"
down_revision = "0002"

DATABASE = "catalog_opt_in"
TENANT = ("tenant_catalogue", "listing", "listing_category", "listing_price", "listing_tag")


def upgrade() -> None:
    _create_tables()
    isolate(op, DATABASE, "tenant_catalogue", app="SELECT, INSERT, UPDATE")
    for table in TENANT[1:]:
        isolate(op, DATABASE, table)


def downgrade() -> None:
    for table in reversed(TENANT):
        op.execute(f"DROP TABLE {table}")


def _column(name: str, kind: TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _create_tables() -> None:
    op.create_table(
        "tenant_catalogue",
        _column("tenant_id", Key),
        _column("currency", Key),
        _column("version", sa.BigInteger()),
        _column("visible_count", sa.BigInteger()),
        sa.CheckConstraint("visible_count >= 0", name="ck_tenant_catalogue_visible_count"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenant_catalogue"),
    )
    op.create_table(
        "listing",
        _column("tenant_id", Key),
        _column("listing_id", Key),
        _column("state", Key),
        _column("product_status", Key),
        _column("priced", sa.Boolean()),
        _column("visible", sa.Boolean()),
        _column("title", sa.Text()),
        _column("title_key", Key),
        _column("handle", Key),
        _column("thumbnail", sa.Text()),
        _column("search", Key),
        _column("collection_id", Key, nullable=True),
        _column("type_id", Key, nullable=True),
        _column("document", sa.LargeBinary()),
        _column("version", sa.BigInteger()),
        _column("offered_at", Time),
        _column("created_at", Time),
        _column("updated_at", Time),
        sa.CheckConstraint("state IN ('LIVE', 'HIDDEN')", name="ck_listing_state"),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collection.collection_id"], name="fk_listing_collection_id"
        ),
        sa.ForeignKeyConstraint(["type_id"], ["product_type.type_id"], name="fk_listing_type_id"),
        sa.PrimaryKeyConstraint("tenant_id", "listing_id", name="pk_listing"),
        sa.UniqueConstraint("tenant_id", "handle", name="uq_listing_tenant_id_handle"),
    )
    op.create_index(
        "ix_listing_shown_collection_id",
        "listing",
        ["tenant_id", "collection_id", "listing_id"],
        postgresql_where=sa.text("visible"),
    )
    op.create_index(
        "ix_listing_shown_offered_at",
        "listing",
        ["tenant_id", "offered_at", "listing_id"],
        postgresql_where=sa.text("visible"),
    )
    op.create_index(
        "ix_listing_shown_title_key",
        "listing",
        ["tenant_id", "title_key", "listing_id"],
        postgresql_where=sa.text("visible"),
    )
    op.create_index(
        "ix_listing_shown_updated_at",
        "listing",
        ["tenant_id", "updated_at", "listing_id"],
        postgresql_where=sa.text("visible"),
    )
    op.create_index(
        "ix_listing_tenant_id_created_at_listing_id",
        "listing",
        ["tenant_id", "created_at", "listing_id"],
    )
    op.create_table(
        "listing_category",
        _column("tenant_id", Key),
        _column("category_id", Key),
        _column("listing_id", Key),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.category_id"], name="fk_listing_category_category_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "listing_id"],
            ["listing.tenant_id", "listing.listing_id"],
            name="fk_listing_category_tenant_id_listing_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "category_id", "listing_id", name="pk_listing_category"
        ),
    )
    op.create_index(
        "ix_listing_category_tenant_id_listing_id", "listing_category", ["tenant_id", "listing_id"]
    )
    op.create_table(
        "listing_price",
        _column("tenant_id", Key),
        _column("listing_id", Key),
        _column("variant_id", Key),
        _column("amount_minor", sa.BigInteger()),
        sa.CheckConstraint("amount_minor > 0", name="ck_listing_price_amount"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "listing_id"],
            ["listing.tenant_id", "listing.listing_id"],
            name="fk_listing_price_tenant_id_listing_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "listing_id", "variant_id", name="pk_listing_price"),
    )
    op.create_table(
        "listing_tag",
        _column("tenant_id", Key),
        _column("tag_id", Key),
        _column("listing_id", Key),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.tag_id"], name="fk_listing_tag_tag_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "listing_id"],
            ["listing.tenant_id", "listing.listing_id"],
            name="fk_listing_tag_tenant_id_listing_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "tag_id", "listing_id", name="pk_listing_tag"),
    )
    op.create_index(
        "ix_listing_tag_tenant_id_listing_id", "listing_tag", ["tenant_id", "listing_id"]
    )
