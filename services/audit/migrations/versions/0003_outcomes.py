"""Events are found by their outcome: refusals are few among many."""

from alembic import op

revision = "0003"
down_revision = "0002"

_COLUMNS = ["tenant_id", "outcome", "occur_time", "event_id"]


def upgrade() -> None:
    op.create_index(f"ix_event_{'_'.join(_COLUMNS)}", "event", _COLUMNS)


def downgrade() -> None:
    op.drop_index(f"ix_event_{'_'.join(_COLUMNS)}", "event")
