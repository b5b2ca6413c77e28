"""What the platform shares is read only in a transaction that is bound to a tenant.

Reversible: `downgrade` takes the policies away.
"""

from alembic import op

from services.kernel.serving.migrations import share

revision = "0006"
down_revision = "0005"

DATABASE = "catalog_opt_in"
SHARED = ("category", "collection", "offer", "product_type", "tag")


def upgrade() -> None:
    for table in SHARED:
        share(op, DATABASE, table)


def downgrade() -> None:
    for table in SHARED:
        for policy in ("bound_tenants", "platform_door"):
            op.execute(f"DROP POLICY {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
