"""Who sets up promotions and campaigns: whoever runs a tenant.

Reversible.
"""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "UPDATE policy SET permissions = array_append(permissions, 'promotion:*')"
        " WHERE policy_id = 'tenant-selling'"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE policy SET permissions = array_remove(permissions, 'promotion:*')"
        " WHERE policy_id = 'tenant-selling'"
    )
