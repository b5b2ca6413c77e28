"""As whom identity providers know admins.

Reversible: `downgrade` forgets it, and the next login finds an admin by the verified address again.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import grant

revision = "0009"
down_revision = "0008"

DATABASE = "tenant_registry"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "admin_identity",
        sa.Column("provider", Key, nullable=False),
        sa.Column("subject", Key, nullable=False),
        sa.Column("admin_id", Key, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("provider", "subject", name="pk_admin_identity"),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["admin.admin_id"], name="fk_admin_identity_admin_id"
        ),
    )
    op.create_index("ix_admin_identity_admin_id", "admin_identity", ["admin_id"])
    grant(op, DATABASE, "admin_identity", app="")


def downgrade() -> None:
    op.drop_table("admin_identity")
