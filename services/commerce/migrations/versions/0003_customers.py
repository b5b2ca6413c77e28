"""Customers, and the identities that they log in with.

Reversible: `downgrade` drops both.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "customer",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("customer_id", Key, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("has_account", sa.Boolean(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("metadata", JSONB(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", name="pk_customer"),
    )
    op.create_index(
        "ix_customer_account_email",
        "customer",
        ["tenant_id", "email"],
        unique=True,
        postgresql_where=sa.text("has_account"),
    )
    isolate(op, "commerce", "customer")
    op.create_table(
        "identity",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("identity_id", Key, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("customer_id", Key, nullable=True),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "identity_id", name="pk_identity"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.customer_id"],
            name="fk_identity_tenant_id_customer_id",
        ),
    )
    op.create_index("ix_identity_email", "identity", ["tenant_id", "email"], unique=True)
    op.create_index("ix_identity_customer", "identity", ["tenant_id", "customer_id"])
    isolate(op, "commerce", "identity")


def downgrade() -> None:
    for table in ("identity", "customer"):
        op.execute(f"DROP TABLE {table}")
