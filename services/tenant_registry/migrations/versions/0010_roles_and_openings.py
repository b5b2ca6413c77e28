"""Roles that tenants make, and access grants.

Reversible; `downgrade` drops the access grants, and tenants' roles with all that they gave.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import ALL, grant, isolate

revision = "0010"
down_revision = "0009"

DATABASE = "tenant_registry"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _roles()
    _access_grants()


def downgrade() -> None:
    op.drop_table("access_grant")
    op.execute("DELETE FROM assignment USING role WHERE role.role_id = assignment.role_id"
               " AND role.tenant_id IS NOT NULL")  # fmt: skip
    op.execute("DELETE FROM policy USING role WHERE role.role_id = policy.role_id"
               " AND role.tenant_id IS NOT NULL")  # fmt: skip
    op.execute("DELETE FROM role WHERE tenant_id IS NOT NULL")
    for policy in ("tenant_isolation", "platform_door"):
        op.execute(f"DROP POLICY {policy} ON role")
    op.execute("ALTER TABLE role NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE role DISABLE ROW LEVEL SECURITY")
    for column in ("tenant_id", "display_name", "version", "create_time", "update_time"):
        op.drop_column("role", column)
    for table in ("role", "policy"):
        grant(op, DATABASE, table, app="SELECT")


def _roles() -> None:
    op.add_column("role", sa.Column("tenant_id", Key))
    op.add_column("role", sa.Column("display_name", sa.Text))
    op.add_column("role", sa.Column("version", sa.BigInteger))
    op.add_column("role", sa.Column("create_time", Time))
    op.add_column("role", sa.Column("update_time", Time))
    op.create_foreign_key("fk_role_tenant_id", "role", "tenant", ["tenant_id"], ["tenant_id"])
    op.create_index("ix_role_tenant_id", "role", ["tenant_id"])
    for table in ("role", "policy"):
        op.execute(f"REVOKE ALL ON {table} FROM {DATABASE}_app")
    isolate(op, DATABASE, "role", app="")
    grant(op, DATABASE, "policy", app="", platform=ALL)


def _access_grants() -> None:
    op.create_table(
        "access_grant",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("access_grant_id", Key, nullable=False),
        sa.Column("admin_id", Key, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("expire_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "access_grant_id", name="pk_access_grant"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name="fk_access_grant_tenant_id"
        ),
        sa.ForeignKeyConstraint(["admin_id"], ["admin.admin_id"], name="fk_access_grant_admin_id"),
        sa.CheckConstraint(
            "expire_time > create_time AND expire_time <= create_time + interval '15 minutes'",
            name="ck_access_grant_time",
        ),
    )
    op.create_index(
        "ix_access_grant_create_time",
        "access_grant",
        ["tenant_id", "create_time", "access_grant_id"],
    )
    op.create_index(
        "ix_access_grant_admin_id", "access_grant", ["tenant_id", "admin_id", "expire_time"]
    )
    isolate(op, DATABASE, "access_grant", app="SELECT", platform="SELECT, INSERT")
