"""Orders and payments.

Reversible: `downgrade` drops them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0002"
down_revision = "0001"

# Nothing in a transaction removes an order, its payments or its number.
_KEPT = "SELECT, INSERT, UPDATE"


def upgrade() -> None:
    op.create_table(
        "customer_order",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("order_id", Key, nullable=False),
        sa.Column("display_id", sa.BigInteger(), nullable=False),
        sa.Column("cart_id", Key, nullable=False),
        sa.Column("customer_id", Key, nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("currency_code", Key, nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("status", Key, nullable=False),
        sa.Column("payment_status", Key, nullable=False),
        sa.Column("fulfillment_status", Key, nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "order_id", name="pk_customer_order"),
        sa.UniqueConstraint(
            "tenant_id", "display_id", name="uq_customer_order_tenant_id_display_id"
        ),
        sa.UniqueConstraint("tenant_id", "cart_id", name="uq_customer_order_tenant_id_cart_id"),
    )
    op.create_index(
        "ix_customer_order_customer", "customer_order", ["tenant_id", "customer_id", "create_time"]
    )
    isolate(op, "commerce", "customer_order", app=_KEPT, platform=_KEPT)
    op.create_table(
        "order_counter",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("last_display_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_order_counter"),
    )
    isolate(op, "commerce", "order_counter", app=_KEPT, platform=_KEPT)
    op.create_table(
        "payment",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("payment_id", Key, nullable=False),
        sa.Column("order_id", Key, nullable=False),
        sa.Column("provider_id", Key, nullable=False),
        sa.Column("currency_code", Key, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("captured_minor", sa.BigInteger(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "payment_id", name="pk_payment"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["customer_order.tenant_id", "customer_order.order_id"],
            name="fk_payment_tenant_id_order_id",
        ),
    )
    op.create_index("ix_payment_order", "payment", ["tenant_id", "order_id"])
    isolate(op, "commerce", "payment", app=_KEPT, platform=_KEPT)


def downgrade() -> None:
    for table in ("payment", "order_counter", "customer_order"):
        op.execute(f"DROP TABLE {table}")
