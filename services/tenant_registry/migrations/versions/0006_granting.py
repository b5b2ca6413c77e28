"""Versions of access, who took a role back, and the permissions to give and take roles.

Reversible; what the new permissions let admins do meanwhile stays done.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.serving.migrations import grant

revision = "0006"
down_revision = "0005"

DATABASE = "tenant_registry"

ADD = (
    "UPDATE policy SET permissions = permissions ||"
    " '{admin:*, assignment:*, role:*, access:explain, accessgrant:read}'"
    " WHERE policy_id = 'tenant-administration'"
)
REMOVE = (
    "UPDATE policy SET permissions = ARRAY(SELECT p FROM unnest(permissions) p WHERE p <> ALL"
    " ('{admin:*, assignment:*, role:*, access:explain, accessgrant:read}'))"
    " WHERE policy_id = 'tenant-administration'"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("admin", sa.Column("access_version", sa.BigInteger))
    op.add_column("assignment", sa.Column("revoked_by", sa.Text))
    op.execute(ADD)
    # FOR SHARE, which keeps a role as it is while it is given, asks for UPDATE.
    for table in ("role", "policy"):
        grant(op, DATABASE, table, app="SELECT")


def downgrade() -> None:
    for table in ("role", "policy"):
        op.execute(f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {DATABASE}_platform")
    op.execute(REMOVE)
    op.drop_column("assignment", "revoked_by")
    op.drop_column("admin", "access_version")
