"""Customers' sessions: a token counts as long as its own is there; no time of a reset is asked.

Reversible: `downgrade` drops them, and with them all logins.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "customer_session",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("session_id", Key, nullable=False),
        sa.Column("identity_id", Key, nullable=False),
        sa.Column("end_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "session_id", name="pk_customer_session"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "identity_id"],
            ["identity.tenant_id", "identity.identity_id"],
            name="fk_customer_session_tenant_id_identity_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_customer_session_identity", "customer_session", ["tenant_id", "identity_id", "end_time"]
    )
    op.create_index("ix_customer_session_end", "customer_session", ["tenant_id", "end_time"])
    isolate(op, "commerce", "customer_session")
    op.drop_column("identity", "reset_time")


def downgrade() -> None:
    op.add_column("identity", sa.Column("reset_time", Time, nullable=True))
    op.execute("DROP TABLE customer_session")
