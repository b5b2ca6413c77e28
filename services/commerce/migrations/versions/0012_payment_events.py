"""Events of payment providers that were handled.

Reversible: `downgrade` drops them; one that comes again is then looked after again, in vain.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "provider_event",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("provider_id", Key, nullable=False),
        sa.Column("event_id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("external_id", Key, nullable=False),
        sa.Column("handle_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "provider_id", "event_id", name="pk_provider_event"),
    )
    isolate(op, "commerce", "provider_event")


def downgrade() -> None:
    op.execute("DROP TABLE provider_event")
