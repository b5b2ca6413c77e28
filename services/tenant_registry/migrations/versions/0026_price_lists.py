"""Who sets up price lists: whoever keeps the catalogue or runs the tenant.

Reversible.
"""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "UPDATE policy SET permissions = array_append(permissions, 'pricelist:*')"
        " WHERE policy_id IN ('tenant-selling', 'catalogue-keeping')"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE policy SET permissions = array_remove(permissions, 'pricelist:*')"
        " WHERE policy_id IN ('tenant-selling', 'catalogue-keeping')"
    )
