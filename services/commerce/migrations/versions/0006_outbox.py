"""Notices that wait to leave.

Reversible: `downgrade` drops the table, and with it notices that were not yet delivered.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("notice_id", Key, nullable=False),
        sa.Column("topic", Key, nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_time", Time, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "notice_id", name="pk_outbox"),
    )
    isolate(op, "commerce", "outbox", app="INSERT", platform="SELECT, UPDATE, DELETE")


def downgrade() -> None:
    op.execute("DROP TABLE outbox")
