"""Tokens that reset a password, and the second factor of admins.

Reversible: `downgrade` turns every second factor off.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import grant

revision = "0007"
down_revision = "0006"

DATABASE = "tenant_registry"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "password_reset",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("admin_id", Key, nullable=False),
        sa.Column("end_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_password_reset"),
        _of_an_admin("password_reset"),
    )
    op.create_index("ix_password_reset_admin_id", "password_reset", ["admin_id"])
    op.create_table(
        "second_factor",
        sa.Column("admin_id", Key, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("confirm_time", Time),
        sa.PrimaryKeyConstraint("admin_id", name="pk_second_factor"),
        _of_an_admin("second_factor"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("admin_id", Key, nullable=False),
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("admin_id", "code_hash", name="pk_recovery_code"),
        _of_an_admin("recovery_code"),
    )
    for table in ("password_reset", "second_factor", "recovery_code"):
        grant(op, DATABASE, table, app="")


def downgrade() -> None:
    for table in ("recovery_code", "second_factor", "password_reset"):
        op.drop_table(table)


def _of_an_admin(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["admin_id"], ["admin.admin_id"], name=f"fk_{table}_admin_id")
