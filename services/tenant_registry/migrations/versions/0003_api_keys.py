"""Keys of machines and of storefronts; who runs a tenant keeps its keys.

Reversible: `downgrade` drops the keys.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0003"
down_revision = "0002"

DATABASE = "tenant_registry"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "api_key",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("key_id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("creator", sa.Text, nullable=False),
        sa.Column("revoker", sa.Text, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("expire_time", Time),
        sa.Column("last_use_time", Time),
        sa.Column("revoke_time", Time),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_key"),
        sa.UniqueConstraint("digest", name="uq_api_key_digest"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="fk_api_key_tenant_id"),
        sa.CheckConstraint("kind IN ('SECRET', 'PUBLISHABLE')", name="ck_api_key_kind"),
    )
    op.create_index("ix_api_key_tenant_id", "api_key", ["tenant_id", "create_time", "key_id"])
    isolate(
        op,
        DATABASE,
        "api_key",
        app="SELECT, INSERT, UPDATE",
        platform="SELECT, INSERT, UPDATE",
    )
    op.execute(
        "UPDATE policy SET permissions = array_append(permissions, 'key:*')"
        " WHERE policy_id = 'tenant-administration'"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE policy SET permissions = array_remove(permissions, 'key:*')"
        " WHERE policy_id = 'tenant-administration'"
    )
    op.drop_table("api_key")
