"""Customers who were erased: the row stays, as orders name it, and says nothing of them.

Reversible.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Time

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("customer", sa.Column("erase_time", Time, nullable=True))


def downgrade() -> None:
    op.drop_column("customer", "erase_time")
