"""Refusals about accounts that nobody has are counted here, and sealed as one event a minute."""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key
from services.kernel.serving.migrations import grant

revision = "0016"
down_revision = "0015"

TABLE = "unknown_account_refusal"


def upgrade() -> None:
    op.create_table(
        TABLE,
        *(sa.Column(name, Key, nullable=False) for name in ("method", "actor", "reason")),
        sa.Column("number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("method", "actor", "reason", name=f"pk_{TABLE}"),
    )
    grant(op, "tenant_registry", TABLE, app="")


def downgrade() -> None:
    op.drop_table(TABLE)
