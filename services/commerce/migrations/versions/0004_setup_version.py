"""The version of what carts are priced by.

Reversible: `downgrade` drops it, and nothing is lost but what is remembered.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key
from services.kernel.serving.migrations import isolate

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "setup_version",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_setup_version"),
    )
    isolate(op, "commerce", "setup_version")


def downgrade() -> None:
    op.execute("DROP TABLE setup_version")
