"""Addresses of customers.

Reversible: `downgrade` drops them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "customer_address",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("address_id", Key, nullable=False),
        sa.Column("customer_id", Key, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("address_1", sa.Text(), nullable=False),
        sa.Column("address_2", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("country_code", Key, nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("metadata", JSONB(), nullable=True),
        sa.Column("is_default_shipping", sa.Boolean(), nullable=False),
        sa.Column("is_default_billing", sa.Boolean(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "address_id", name="pk_customer_address"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.customer_id"],
            name="fk_customer_address_tenant_id_customer_id",
        ),
    )
    op.create_index(
        "ix_customer_address_customer",
        "customer_address",
        ["tenant_id", "customer_id", "address_id"],
    )
    for use in ("shipping", "billing"):
        op.create_index(
            f"ix_customer_address_default_{use}",
            "customer_address",
            ["tenant_id", "customer_id"],
            unique=True,
            postgresql_where=sa.text(f"is_default_{use}"),
        )
    isolate(op, "commerce", "customer_address")


def downgrade() -> None:
    op.execute("DROP TABLE customer_address")
