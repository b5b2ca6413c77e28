"""Who may upload: whoever runs a tenant, and whoever keeps its catalogue.

Reversible.
"""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "UPDATE policy SET permissions = array_append(permissions, 'file:*')"
        " WHERE policy_id IN ('tenant-selling', 'catalogue-keeping')"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE policy SET permissions = array_remove(permissions, 'file:*')"
        " WHERE policy_id IN ('tenant-selling', 'catalogue-keeping')"
    )
