"""Invites to roles.

Reversible: `downgrade` takes back what waits; what was accepted stays given.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0008"
down_revision = "0007"

DATABASE = "tenant_registry"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "invite",
        sa.Column("invite_id", Key, nullable=False),
        sa.Column("tenant_id", Key),
        sa.Column("email", Key, nullable=False),
        sa.Column("role_id", Key, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("invited_by", sa.Text, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("end_time", Time, nullable=False),
        sa.Column("accept_time", Time),
        sa.PrimaryKeyConstraint("invite_id", name="pk_invite"),
        sa.UniqueConstraint("token_hash", name="uq_invite_token_hash"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="fk_invite_tenant_id"),
        sa.ForeignKeyConstraint(["role_id"], ["role.role_id"], name="fk_invite_role_id"),
    )
    for column in ("tenant_id", "role_id"):
        op.create_index(f"ix_invite_{column}", "invite", [column])
    isolate(op, DATABASE, "invite", app="")


def downgrade() -> None:
    op.drop_table("invite")
