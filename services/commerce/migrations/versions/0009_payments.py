"""Payments at providers that are called, and attempts to order.

Reversible: `downgrade` drops them; what is being paid is then known to the provider alone.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("cart", sa.Column("attempt_id", Key, nullable=True))
    op.add_column("payment", sa.Column("external_id", Key, nullable=True))
    op.create_table(
        "provider_session",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("session_id", Key, nullable=False),
        sa.Column("cart_id", Key, nullable=False),
        sa.Column("provider_id", Key, nullable=False),
        sa.Column("external_id", Key, nullable=False),
        sa.Column("state", Key, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("due_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "session_id", name="pk_provider_session"),
        sa.UniqueConstraint(
            "tenant_id",
            "provider_id",
            "external_id",
            name="uq_provider_session_tenant_id_provider_id_external_id",
        ),
    )
    op.create_index("ix_provider_session_cart", "provider_session", ["tenant_id", "cart_id"])
    op.create_index(
        "ix_provider_session_dropped",
        "provider_session",
        ["tenant_id", "due_time"],
        postgresql_where=sa.text("state = 'dropped'"),
    )
    isolate(op, "commerce", "provider_session")
    op.create_table(
        "attempt",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("attempt_id", Key, nullable=False),
        sa.Column("cart_id", Key, nullable=False),
        sa.Column("state", Key, nullable=False),
        sa.Column("provider_id", Key, nullable=False),
        sa.Column("session_id", Key, nullable=False),
        sa.Column("external_id", Key, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency_code", Key, nullable=False),
        sa.Column("digest", Key, nullable=False),
        sa.Column("order_id", Key, nullable=False),
        sa.Column("order_document", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("due_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "attempt_id", name="pk_attempt"),
    )
    op.create_index(
        "ix_attempt_claimed_cart",
        "attempt",
        ["tenant_id", "cart_id"],
        unique=True,
        postgresql_where=sa.text("state = 'claimed'"),
    )
    op.create_index(
        "ix_attempt_due",
        "attempt",
        ["tenant_id", "due_time"],
        postgresql_where=sa.text("state = 'claimed'"),
    )
    isolate(op, "commerce", "attempt")


def downgrade() -> None:
    op.execute("DROP TABLE attempt")
    op.execute("DROP TABLE provider_session")
    op.drop_column("payment", "external_id")
    op.drop_column("cart", "attempt_id")
