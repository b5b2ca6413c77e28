"""Events, and the service's own leaves, are signed where the act is; those of before have nothing.

An audit service of before cannot take events in any more. They wait in their services' databases
until it is upgraded.
"""

from alembic import op

from services.kernel.serving.migrations import require_signatures

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for table in ("audit_leaf", "event"):
        require_signatures(op, table)


def downgrade() -> None:
    raise RuntimeError("signatures are never removed: restore a backup into a new database instead")
