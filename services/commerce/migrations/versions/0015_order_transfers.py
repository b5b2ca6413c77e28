"""Requests to hand orders over to customers.

Reversible: `downgrade` drops them.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "order_transfer",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("transfer_id", Key, nullable=False),
        sa.Column("order_id", Key, nullable=False),
        sa.Column("customer_id", Key, nullable=False),
        sa.Column("state", Key, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "transfer_id", name="pk_order_transfer"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["customer_order.tenant_id", "customer_order.order_id"],
            name="fk_order_transfer_tenant_id_order_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.customer_id"],
            name="fk_order_transfer_tenant_id_customer_id",
        ),
    )
    op.create_index(
        "ix_order_transfer_open",
        "order_transfer",
        ["tenant_id", "order_id"],
        unique=True,
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_index("ix_order_transfer_order", "order_transfer", ["tenant_id", "order_id"])
    op.create_index("ix_order_transfer_customer", "order_transfer", ["tenant_id", "customer_id"])
    isolate(op, "commerce", "order_transfer")


def downgrade() -> None:
    op.execute("DROP TABLE order_transfer")
