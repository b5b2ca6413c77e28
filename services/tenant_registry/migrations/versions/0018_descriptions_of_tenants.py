"""Tenants have a description.

Reversible; `downgrade` forgets the descriptions.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("tenant", sa.Column("description", sa.Text))


def downgrade() -> None:
    op.drop_column("tenant", "description")
