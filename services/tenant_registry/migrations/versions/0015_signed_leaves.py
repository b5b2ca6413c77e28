"""Audit leaves are signed by the service where the act is."""

from alembic import op

from services.kernel.serving.migrations import require_signatures

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    require_signatures(op, "audit_leaf")


def downgrade() -> None:
    op.drop_column("audit_leaf", "signature")
