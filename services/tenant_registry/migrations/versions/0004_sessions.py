"""Sessions of admins, the refresh tokens that keep them, and a count of attempts for each account.

Reversible: `downgrade` ends every session.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import grant

revision = "0004"
down_revision = "0003"

DATABASE = "tenant_registry"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "admin_session",
        sa.Column("session_id", Key, nullable=False),
        sa.Column("admin_id", Key, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("use_time", Time, nullable=False),
        sa.Column("end_time", Time, nullable=False),
        sa.Column("revoke_time", Time),
        sa.Column("revoke_reason", sa.Text),
        sa.PrimaryKeyConstraint("session_id", name="pk_admin_session"),
        sa.ForeignKeyConstraint(["admin_id"], ["admin.admin_id"], name="fk_admin_session_admin_id"),
    )
    op.create_index("ix_admin_session_admin_id", "admin_session", ["admin_id"])
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("session_id", Key, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("use_time", Time),
        sa.Column("successor", sa.LargeBinary),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_token"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["admin_session.session_id"],
            name="fk_refresh_token_session_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_refresh_token_session_id", "refresh_token", ["session_id"])
    op.create_table(
        "attempt",
        sa.Column("account_hash", sa.LargeBinary, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("begin_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("account_hash", name="pk_attempt"),
    )
    op.create_index("ix_attempt_begin_time", "attempt", ["begin_time"])
    grant(op, DATABASE, "admin_session", app="")
    grant(op, DATABASE, "refresh_token", app="")
    grant(op, DATABASE, "attempt", app="")


def downgrade() -> None:
    for table in ("attempt", "refresh_token", "admin_session"):
        op.drop_table(table)
