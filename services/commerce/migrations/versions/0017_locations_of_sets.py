"""Fulfillment sets hand over from a stock location.

Reversible: `downgrade` forgets from which.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("fulfillment_set", sa.Column("location_id", Key, nullable=True))
    op.create_foreign_key(
        "fk_fulfillment_set_tenant_id_location_id",
        "fulfillment_set",
        "stock_location",
        ["tenant_id", "location_id"],
        ["tenant_id", "location_id"],
    )
    op.create_index("ix_fulfillment_set_location", "fulfillment_set", ["tenant_id", "location_id"])


def downgrade() -> None:
    op.drop_column("fulfillment_set", "location_id")
