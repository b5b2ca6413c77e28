"""Regions and carts.

Reversible: `downgrade` drops everything.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import add_kernel_tables, isolate

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "region",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("region_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency_code", Key, nullable=False),
        sa.Column("automatic_taxes", sa.Boolean(), nullable=False),
        sa.Column("includes_tax", sa.Boolean(), nullable=False),
        sa.Column("payment_providers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("metadata", JSONB(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "region_id", name="pk_region"),
    )
    isolate(op, "commerce", "region")
    op.create_table(
        "region_country",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("country_code", Key, nullable=False),
        sa.Column("region_id", Key, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "country_code", name="pk_region_country"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "region_id"],
            ["region.tenant_id", "region.region_id"],
            name="fk_region_country_tenant_id_region_id",
            ondelete="CASCADE",
        ),
    )
    isolate(op, "commerce", "region_country")
    op.create_table(
        "cart",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("cart_id", Key, nullable=False),
        sa.Column("customer_id", Key, nullable=True),
        sa.Column("payment_collection_id", Key, nullable=True),
        sa.Column("order_id", Key, nullable=True),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.Column("expire_time", Time, nullable=False),
        sa.Column("complete_time", Time, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "cart_id", name="pk_cart"),
    )
    op.create_index("ix_cart_customer", "cart", ["tenant_id", "customer_id"])
    op.create_index("ix_cart_payment_collection", "cart", ["tenant_id", "payment_collection_id"])
    op.create_index("ix_cart_expiry", "cart", ["tenant_id", "expire_time"])
    isolate(op, "commerce", "cart")
    add_kernel_tables(op, "commerce")


def downgrade() -> None:
    for table in ("cart", "region_country", "region", "audit_leaf", "request_record"):
        op.execute(f"DROP TABLE {table}")
