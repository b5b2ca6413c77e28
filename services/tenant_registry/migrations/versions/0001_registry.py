"""The registry's tables, the four roles and their six policies.

Reversible: `downgrade` drops everything.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import create_kernel_tables, grant, isolate

revision = "0001"
down_revision = None

DATABASE = "tenant_registry"

ROLES = {
    "GlobalAdmin": "Runs the platform: every tenant, and the tenants themselves.",
    "TenantAdmin": "Runs one tenant: its settings, its domains and what it sells.",
    "CatalogMgr": "Keeps the catalogue: products, collections, categories and listings.",
    "OrderOps": "Looks after orders, payments, fulfillments and customers.",
}

POLICIES = [
    (
        "platform-operation",
        "GlobalAdmin",
        "PLATFORM",
        ["*:*"],
        "Everything at the platform itself.",
    ),
    ("tenant-supervision", "GlobalAdmin", "TENANT", ["*:*"], "Everything at each tenant."),
    (
        "tenant-administration",
        "TenantAdmin",
        "TENANT",
        ["tenant:read", "tenant:write", "domain:*", "event:read"],
        "The tenant's own data, its domains, and the log of what was done.",
    ),
    (
        "tenant-selling",
        "TenantAdmin",
        "TENANT",
        [
            "listing:*",
            "product:read",
            "collection:read",
            "category:read",
            "storefront:read",
            "order:*",
            "payment:*",
            "fulfillment:*",
            "customer:*",
        ],
        "What the tenant sells, and to whom.",
    ),
    (
        "catalogue-keeping",
        "CatalogMgr",
        "TENANT",
        ["product:*", "collection:*", "category:*", "listing:*", "storefront:read", "tenant:read"],
        "The catalogue: the master one for who holds the role at the head office.",
    ),
    (
        "order-operation",
        "OrderOps",
        "TENANT",
        [
            "order:*",
            "payment:*",
            "fulfillment:*",
            "customer:read",
            "listing:read",
            "product:read",
            "tenant:read",
        ],
        "Orders from payment to delivery, and what is needed to understand them.",
    ),
]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _tenants()
    _domains()
    _admins()
    _roles()
    _assignments()
    create_kernel_tables(op, DATABASE)


def downgrade() -> None:
    for table in (
        "request_record",
        "audit_leaf",
        "assignment",
        "policy",
        "role",
        "admin",
        "domain",
        "tenant",
    ):
        op.drop_table(table)


def _tenants() -> None:
    op.create_table(
        "tenant",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("country_code", Key, nullable=False),
        sa.Column("currency_code", Key, nullable=False),
        sa.Column("default_locale", Key, nullable=False),
        sa.Column("supported_locales", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("time_zone", Key, nullable=False),
        sa.Column("capabilities", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("settings", JSONB, nullable=False),
        sa.Column("state", Key, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("config_version", sa.BigInteger, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.Column("delete_time", Time),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenant"),
        sa.CheckConstraint(
            "state IN ('PROVISIONING', 'ACTIVE', 'SUSPENDED', 'ARCHIVED')", name="ck_tenant_state"
        ),
    )
    isolate(op, DATABASE, "tenant", app="SELECT, UPDATE", platform="SELECT, INSERT")


def _domains() -> None:
    op.create_table(
        "domain",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("host", Key, nullable=False),
        sa.Column("is_primary", sa.Boolean, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_domain"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="fk_domain_tenant_id"),
    )
    op.create_index("ix_domain_tenant_id", "domain", ["tenant_id", "create_time", "host"])
    op.create_index(
        "uq_domain_primary",
        "domain",
        ["tenant_id"],
        unique=True,
        postgresql_where=sa.text("is_primary"),
    )
    isolate(op, DATABASE, "domain", platform="SELECT")


def _admins() -> None:
    op.create_table(
        "admin",
        sa.Column("admin_id", Key, nullable=False),
        sa.Column("email", Key, nullable=False),
        sa.Column("first_name", sa.Text, nullable=False),
        sa.Column("last_name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.Column("last_login_time", Time),
        sa.Column("deactivate_time", Time),
        sa.PrimaryKeyConstraint("admin_id", name="pk_admin"),
        sa.UniqueConstraint("email", name="uq_admin_email"),
    )
    grant(op, DATABASE, "admin", app="", platform="SELECT, INSERT, UPDATE")


def _roles() -> None:
    role = op.create_table(
        "role",
        sa.Column("role_id", Key, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("role_id", name="pk_role"),
    )
    policy = op.create_table(
        "policy",
        sa.Column("policy_id", Key, nullable=False),
        sa.Column("role_id", Key, nullable=False),
        sa.Column("reach", Key, nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("policy_id", name="pk_policy"),
        sa.ForeignKeyConstraint(["role_id"], ["role.role_id"], name="fk_policy_role_id"),
        sa.CheckConstraint("reach IN ('PLATFORM', 'TENANT')", name="ck_policy_reach"),
    )
    op.create_index("ix_policy_role_id", "policy", ["role_id"])
    op.bulk_insert(role, [{"role_id": r, "description": text} for r, text in ROLES.items()])
    names = ("policy_id", "role_id", "reach", "permissions", "description")
    op.bulk_insert(policy, [dict(zip(names, row, strict=True)) for row in POLICIES])
    for table in ("role", "policy"):
        grant(op, DATABASE, table, app="SELECT", platform="SELECT")


def _assignments() -> None:
    op.create_table(
        "assignment",
        sa.Column("assignment_id", Key, nullable=False),
        sa.Column("admin_id", Key, nullable=False),
        sa.Column("role_id", Key, nullable=False),
        sa.Column("tenant_id", Key),
        sa.Column("from_time", Time, nullable=False),
        sa.Column("until_time", Time),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("revoke_time", Time),
        sa.PrimaryKeyConstraint("assignment_id", name="pk_assignment"),
        sa.ForeignKeyConstraint(["admin_id"], ["admin.admin_id"], name="fk_assignment_admin_id"),
        sa.ForeignKeyConstraint(["role_id"], ["role.role_id"], name="fk_assignment_role_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name="fk_assignment_tenant_id"
        ),
        sa.CheckConstraint("until_time > from_time", name="ck_assignment_time"),
    )
    for column in ("admin_id", "role_id", "tenant_id"):
        op.create_index(f"ix_assignment_{column}", "assignment", [column])
    isolate(op, DATABASE, "assignment", app="", platform="SELECT, INSERT, UPDATE")
