"""Why a role was taken back.

Reversible; `downgrade` forgets the reasons, which the audit log keeps.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("assignment", sa.Column("revoke_reason", sa.Text))


def downgrade() -> None:
    op.drop_column("assignment", "revoke_reason")
