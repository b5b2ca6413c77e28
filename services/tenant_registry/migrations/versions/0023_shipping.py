"""Who sets up shipping: whoever runs a tenant.

Reversible.
"""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "UPDATE policy SET permissions = array_append(permissions, 'shipping:*')"
        " WHERE policy_id = 'tenant-selling'"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE policy SET permissions = array_remove(permissions, 'shipping:*')"
        " WHERE policy_id = 'tenant-selling'"
    )
