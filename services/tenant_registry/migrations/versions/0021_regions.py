"""Who sets up regions: whoever runs a tenant. Whoever sees the tenant sees where it sells.

Reversible.
"""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "UPDATE policy SET permissions = array_append(permissions, 'region:*')"
        " WHERE policy_id = 'tenant-selling'"
    )
    op.execute(
        "UPDATE policy SET permissions = array_append(permissions, 'region:read')"
        " WHERE policy_id IN ('catalogue-keeping', 'order-operation')"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE policy SET permissions = array_remove(array_remove(permissions, 'region:*'),"
        " 'region:read')"
        " WHERE policy_id IN ('tenant-selling', 'catalogue-keeping', 'order-operation')"
    )
