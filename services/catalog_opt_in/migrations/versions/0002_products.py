"""The master products: the head office's own rows.

Reversible: `downgrade` drops everything.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0002"
down_revision = "0001"

DATABASE = "catalog_opt_in"
MASTER = (
    "product",
    "product_category",
    "product_image",
    "product_option",
    "product_tag",
    "option_value",
    "variant",
    "variant_price",
    "variant_choice",
)


def upgrade() -> None:
    _create_tables()
    for table in MASTER:
        isolate(op, DATABASE, table, app="SELECT")


def downgrade() -> None:
    for table in reversed(MASTER):
        op.execute(f"DROP TABLE {table}")


def _column(name: str, kind: TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _create_tables() -> None:
    op.create_table(
        "product",
        _column("tenant_id", Key),
        _column("product_id", Key),
        _column("title", sa.Text()),
        _column("title_key", Key),
        _column("subtitle", sa.Text()),
        _column("description", sa.Text()),
        _column("handle", Key),
        _column("status", Key),
        _column("thumbnail", sa.Text()),
        _column("search", Key),
        _column("collection_id", Key, nullable=True),
        _column("type_id", Key, nullable=True),
        _column("version", sa.BigInteger()),
        _column("created_at", Time),
        _column("updated_at", Time),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'PROPOSED', 'PUBLISHED', 'REJECTED')", name="ck_product_status"
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collection.collection_id"], name="fk_product_collection_id"
        ),
        sa.ForeignKeyConstraint(["type_id"], ["product_type.type_id"], name="fk_product_type_id"),
        sa.PrimaryKeyConstraint("tenant_id", "product_id", name="pk_product"),
        sa.UniqueConstraint("tenant_id", "handle", name="uq_product_tenant_id_handle"),
    )
    op.create_index(
        "ix_product_tenant_id_collection_id_product_id",
        "product",
        ["tenant_id", "collection_id", "product_id"],
    )
    op.create_index(
        "ix_product_tenant_id_created_at_product_id",
        "product",
        ["tenant_id", "created_at", "product_id"],
    )
    op.create_index(
        "ix_product_tenant_id_title_key_product_id",
        "product",
        ["tenant_id", "title_key", "product_id"],
    )
    op.create_index(
        "ix_product_tenant_id_updated_at_product_id",
        "product",
        ["tenant_id", "updated_at", "product_id"],
    )
    op.create_table(
        "product_category",
        _column("tenant_id", Key),
        _column("product_id", Key),
        _column("category_id", Key),
        _column("place", sa.Integer()),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.category_id"], name="fk_product_category_category_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.product_id"],
            name="fk_product_category_tenant_id_product_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "product_id", "category_id", name="pk_product_category"
        ),
    )
    op.create_index(
        "ix_product_category_tenant_id_category_id_product_id",
        "product_category",
        ["tenant_id", "category_id", "product_id"],
    )
    op.create_table(
        "product_image",
        _column("tenant_id", Key),
        _column("product_id", Key),
        _column("image_id", Key),
        _column("url", sa.Text()),
        _column("place", sa.Integer()),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.product_id"],
            name="fk_product_image_tenant_id_product_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "product_id", "image_id", name="pk_product_image"),
    )
    op.create_table(
        "product_option",
        _column("tenant_id", Key),
        _column("product_id", Key),
        _column("option_id", Key),
        _column("title", sa.Text()),
        _column("place", sa.Integer()),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.product_id"],
            name="fk_product_option_tenant_id_product_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "product_id", "option_id", name="pk_product_option"),
    )
    op.create_table(
        "product_tag",
        _column("tenant_id", Key),
        _column("product_id", Key),
        _column("tag_id", Key),
        _column("place", sa.Integer()),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.tag_id"], name="fk_product_tag_tag_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.product_id"],
            name="fk_product_tag_tenant_id_product_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "product_id", "tag_id", name="pk_product_tag"),
    )
    op.create_table(
        "variant",
        _column("tenant_id", Key),
        _column("product_id", Key),
        _column("variant_id", Key),
        _column("title", sa.Text()),
        _column("sku", Key, nullable=True),
        _column("barcode", Key),
        _column("weight_grams", sa.Integer()),
        _column("place", sa.Integer()),
        sa.CheckConstraint("weight_grams >= 0", name="ck_variant_weight"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.product_id"],
            name="fk_variant_tenant_id_product_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "product_id", "variant_id", name="pk_variant"),
        sa.UniqueConstraint("tenant_id", "sku", name="uq_variant_tenant_id_sku"),
    )
    op.create_table(
        "option_value",
        _column("tenant_id", Key),
        _column("product_id", Key),
        _column("option_id", Key),
        _column("value_id", Key),
        _column("value", sa.Text()),
        _column("place", sa.Integer()),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id", "option_id"],
            ["product_option.tenant_id", "product_option.product_id", "product_option.option_id"],
            name="fk_option_value_tenant_id_product_id_option_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "product_id", "option_id", "value_id", name="pk_option_value"
        ),
    )
    op.create_table(
        "variant_price",
        _column("tenant_id", Key),
        _column("product_id", Key),
        _column("variant_id", Key),
        _column("currency", Key),
        _column("amount_minor", sa.BigInteger()),
        sa.CheckConstraint("amount_minor > 0", name="ck_variant_price_amount"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id", "variant_id"],
            ["variant.tenant_id", "variant.product_id", "variant.variant_id"],
            name="fk_variant_price_tenant_id_product_id_variant_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "product_id", "variant_id", "currency", name="pk_variant_price"
        ),
    )
    op.create_table(
        "variant_choice",
        _column("tenant_id", Key),
        _column("product_id", Key),
        _column("variant_id", Key),
        _column("option_id", Key),
        _column("value_id", Key),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id", "option_id", "value_id"],
            [
                "option_value.tenant_id",
                "option_value.product_id",
                "option_value.option_id",
                "option_value.value_id",
            ],
            name="fk_variant_choice_tenant_id_product_id_option_id_value_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id", "variant_id"],
            ["variant.tenant_id", "variant.product_id", "variant.variant_id"],
            name="fk_variant_choice_tenant_id_product_id_variant_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "product_id", "variant_id", "option_id", name="pk_variant_choice"
        ),
    )
