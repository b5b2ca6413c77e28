"""Collections and categories have metadata, and categories can be hidden from shoppers.

What is there stays visible. Ranks become places among siblings: 0, 1, 2 and so on.

Reversible: `downgrade` drops the columns; the ranks stay.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"

DATABASE = "catalog_opt_in"

_RANKS = """
UPDATE category c SET rank = p.place FROM (
  SELECT category_id, row_number() OVER (PARTITION BY parent_id ORDER BY rank, category_id) - 1
    AS place
  FROM category
) p WHERE p.category_id = c.category_id AND p.place <> c.rank
"""


def upgrade() -> None:
    op.add_column("collection", sa.Column("metadata", JSONB))
    op.add_column("category", sa.Column("metadata", JSONB))
    # An instance of the version before names neither: what it adds is shown, as it was.
    for name, default in (("is_active", "true"), ("is_internal", "false")):
        op.add_column(
            "category", sa.Column(name, sa.Boolean, nullable=False, server_default=default)
        )
    op.execute(_RANKS)


def downgrade() -> None:
    op.drop_column("collection", "metadata")
    for name in ("metadata", "is_active", "is_internal"):
        op.drop_column("category", name)
