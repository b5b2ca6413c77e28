"""API keys can get another title, and revoked ones can be taken off the list.

Reversible; with `downgrade` the deleted keys are listed again, as revoked.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Time

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column in ("retitle_time", "delete_time"):
        op.add_column("api_key", sa.Column(column, Time))


def downgrade() -> None:
    for column in ("retitle_time", "delete_time"):
        op.drop_column("api_key", column)
