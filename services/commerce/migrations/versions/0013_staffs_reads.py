"""What staff see: groups of customers, and orders and customers by what they look for.

Addresses compare bytewise, so that an index finds those that begin with a text. Reversible.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0013"
down_revision = "0012"

_INDEXES = {
    "ix_customer_email": ("customer", "email", "customer_id"),
    "ix_customer_create_time": ("customer", "create_time", "customer_id"),
    "ix_customer_update_time": ("customer", "update_time", "customer_id"),
    "ix_customer_order_create_time": ("customer_order", "create_time", "order_id"),
    "ix_customer_order_update_time": ("customer_order", "update_time", "order_id"),
    "ix_customer_order_status": ("customer_order", "status", "create_time", "order_id"),
    "ix_payment_create_time": ("payment", "create_time", "payment_id"),
    "ix_customer_order_email": ("customer_order", "email"),
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("customer", "customer_order"):
        op.alter_column(table, "email", type_=Key)
    for name, (table, *columns) in _INDEXES.items():
        op.create_index(name, table, ["tenant_id", *columns])
    op.create_index(
        "ix_customer_guest_email",
        "customer",
        ["tenant_id", "email"],
        unique=True,
        postgresql_where=sa.text("NOT has_account AND email <> ''"),
    )
    op.create_table(
        "customer_group",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("group_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("metadata", JSONB(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", name="pk_customer_group"),
    )
    op.create_index("ix_customer_group_name", "customer_group", ["tenant_id", "name"], unique=True)
    isolate(op, "commerce", "customer_group")
    op.create_table(
        "group_member",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("group_id", Key, nullable=False),
        sa.Column("customer_id", Key, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "customer_id", name="pk_group_member"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["customer_group.tenant_id", "customer_group.group_id"],
            name="fk_group_member_tenant_id_group_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.customer_id"],
            name="fk_group_member_tenant_id_customer_id",
        ),
    )
    op.create_index("ix_group_member_customer", "group_member", ["tenant_id", "customer_id"])
    isolate(op, "commerce", "group_member")


def downgrade() -> None:
    for table in ("group_member", "customer_group"):
        op.execute(f"DROP TABLE {table}")
    for name in ("ix_customer_guest_email", *_INDEXES):
        op.execute(f"DROP INDEX {name}")
    for table in ("customer", "customer_order"):
        op.alter_column(table, "email", type_=sa.Text())
