"""Limits of customers' logins, and resets of their passwords.

Reversible: `downgrade` drops them.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("identity", sa.Column("reset_time", Time, nullable=True))
    op.create_table(
        "login_attempt",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("account_hash", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("end_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_hash", name="pk_login_attempt"),
    )
    op.create_index("ix_login_attempt_end", "login_attempt", ["tenant_id", "end_time"])
    isolate(op, "commerce", "login_attempt")
    op.create_table(
        "unknown_login",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("method", Key, nullable=False),
        sa.Column("reason", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "method", "reason", name="pk_unknown_login"),
    )
    isolate(op, "commerce", "unknown_login")
    op.create_table(
        "password_reset",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("identity_id", Key, nullable=False),
        sa.Column("end_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "token_hash", name="pk_password_reset"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "identity_id"],
            ["identity.tenant_id", "identity.identity_id"],
            name="fk_password_reset_tenant_id_identity_id",
        ),
    )
    op.create_index("ix_password_reset_identity", "password_reset", ["tenant_id", "identity_id"])
    isolate(op, "commerce", "password_reset")


def downgrade() -> None:
    for table in ("password_reset", "unknown_login", "login_attempt"):
        op.execute(f"DROP TABLE {table}")
    op.drop_column("identity", "reset_time")
