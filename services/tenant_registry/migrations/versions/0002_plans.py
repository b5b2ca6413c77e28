"""What a tenant's plan is, and which web origins besides its own hosts may call the API.

Reversible: `downgrade` drops both columns.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("tenant", sa.Column("plan", Key, nullable=False, server_default="STANDARD"))
    op.alter_column("tenant", "plan", server_default=None)
    op.add_column(
        "tenant",
        sa.Column("cors_origins", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    )
    op.alter_column("tenant", "cors_origins", server_default=None)
    op.create_check_constraint(
        "ck_tenant_plan", "tenant", "plan IN ('TRIAL', 'STANDARD', 'LARGE', 'UNLIMITED')"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("tenant", "cors_origins")
    op.drop_column("tenant", "plan")
