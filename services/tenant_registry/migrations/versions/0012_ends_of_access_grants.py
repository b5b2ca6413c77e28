"""Access grants that were ended before their time.

Reversible; `downgrade` forgets the ends, and what is not over counts again.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0012"
down_revision = "0011"

DATABASE = "tenant_registry"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "access_grant_end",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("access_grant_id", Key, nullable=False),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.Column("end_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "access_grant_id", name="pk_access_grant_end"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "access_grant_id"],
            ["access_grant.tenant_id", "access_grant.access_grant_id"],
            name="fk_access_grant_end_tenant_id_access_grant_id",
        ),
    )
    isolate(op, DATABASE, "access_grant_end", app="SELECT", platform="SELECT, INSERT")


def downgrade() -> None:
    op.drop_table("access_grant_end")
