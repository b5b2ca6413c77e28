"""Who counts stock: whoever keeps the catalogue or runs the tenant. Who works on orders sees it.

Reversible.
"""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "UPDATE policy SET permissions = array_append(permissions, 'stock:*')"
        " WHERE policy_id IN ('tenant-selling', 'catalogue-keeping')"
    )
    op.execute(
        "UPDATE policy SET permissions = array_append(permissions, 'stock:read')"
        " WHERE policy_id = 'order-operation'"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE policy SET permissions = array_remove(array_remove(permissions, 'stock:*'),"
        " 'stock:read')"
        " WHERE policy_id IN ('tenant-selling', 'catalogue-keeping', 'order-operation')"
    )
