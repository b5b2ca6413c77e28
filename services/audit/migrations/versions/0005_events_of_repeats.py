"""A repeat gets the receipt of the first request, too.

Reversible; `downgrade` forgets the events of answers that are still kept.
"""

from alembic import op

from services.kernel.serving.migrations import remember_events

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    remember_events(op)


def downgrade() -> None:
    op.drop_column("request_record", "events")
