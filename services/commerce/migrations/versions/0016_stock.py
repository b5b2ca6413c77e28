"""Stock: locations, levels and reservations.

Reversible: `downgrade` drops them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "stock_location",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("location_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", JSONB(), nullable=True),
        sa.Column("metadata", JSONB(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "location_id", name="pk_stock_location"),
    )
    isolate(op, "commerce", "stock_location")
    op.create_table(
        "inventory_level",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("variant_id", Key, nullable=False),
        sa.Column("location_id", Key, nullable=False),
        sa.Column("stocked", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "variant_id", "location_id", name="pk_inventory_level"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["stock_location.tenant_id", "stock_location.location_id"],
            name="fk_inventory_level_tenant_id_location_id",
        ),
        sa.CheckConstraint(
            "stocked >= 0 AND reserved >= 0", name="ck_inventory_level_not_negative"
        ),
    )
    op.create_index("ix_inventory_level_location", "inventory_level", ["tenant_id", "location_id"])
    isolate(op, "commerce", "inventory_level")
    op.create_table(
        "reservation",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("reservation_id", Key, nullable=False),
        sa.Column("variant_id", Key, nullable=False),
        sa.Column("location_id", Key, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("line_item_id", Key, nullable=False),
        sa.Column("cart_id", Key, nullable=False),
        sa.Column("order_id", Key, nullable=True),
        sa.Column("expire_time", Time, nullable=True),
        sa.Column("create_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "reservation_id", name="pk_reservation"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "variant_id", "location_id"],
            [
                "inventory_level.tenant_id",
                "inventory_level.variant_id",
                "inventory_level.location_id",
            ],
            name="fk_reservation_tenant_id_variant_id_location_id",
        ),
        sa.CheckConstraint("quantity > 0", name="ck_reservation_some"),
    )
    op.create_index(
        "ix_reservation_level", "reservation", ["tenant_id", "variant_id", "location_id"]
    )
    op.create_index("ix_reservation_line", "reservation", ["tenant_id", "line_item_id"])
    op.create_index("ix_reservation_cart", "reservation", ["tenant_id", "cart_id"])
    op.create_index(
        "ix_reservation_expiry",
        "reservation",
        ["tenant_id", "variant_id", "expire_time"],
        postgresql_where=sa.text("expire_time IS NOT NULL"),
    )
    isolate(op, "commerce", "reservation")


def downgrade() -> None:
    for table in ("reservation", "inventory_level", "stock_location"):
        op.execute(f"DROP TABLE {table}")
