"""Audit leaves are sealed where the act was."""

from alembic import op

from services.kernel.serving.migrations import seal_leaves

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    seal_leaves(op)


def downgrade() -> None:
    raise RuntimeError("what was sealed stays sealed: restore a backup into a new database instead")
