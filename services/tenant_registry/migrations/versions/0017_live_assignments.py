"""A decision reads what an admin holds at one place, however much they ever held elsewhere.

Reversible: only an index is added.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

INDEX = "ix_assignment_live"


def upgrade() -> None:
    op.create_index(
        INDEX,
        "assignment",
        ["admin_id", "tenant_id"],
        postgresql_where=sa.text("revoke_time IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(INDEX, "assignment")
