"""Events: added, read, and nothing else."""

import sqlalchemy as sa
from alembic import op

from services.kernel.serving.migrations import TENANT, grant

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create()
    _isolate()
    grant(op, "audit", "event", app="SELECT", platform="SELECT, INSERT")


def downgrade() -> None:
    raise RuntimeError("events are never removed: restore a backup into a new database instead")


def _create() -> None:
    key = sa.Text(collation="C")
    keys = ("tenant_id", "event_id", "service", "method", "resource", "actor")
    texts = ("request_id", "outcome", "changes")
    times = ("occur_time", "record_time")
    op.create_table(
        "event",
        *(sa.Column(name, key, nullable=False) for name in keys),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in times),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name="pk_event"),
        sa.CheckConstraint("outcome IN ('DONE', 'DENIED')", name=op.f("ck_event_outcome")),
    )
    for columns in ((), ("actor",), ("method",), ("resource",)):
        key_columns = ["tenant_id", *columns, "occur_time", "event_id"]
        op.create_index(f"ix_event_{'_'.join(key_columns)}", "event", key_columns)


def _isolate() -> None:
    """Forced row-level security with policies to read and to add, and none to change or remove.

    So even the owner's UPDATE and DELETE touch no row.
    """
    op.execute("ALTER TABLE event ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE event FORCE ROW LEVEL SECURITY")
    for name, roles, condition in (
        ("tenant_isolation", "audit_owner, audit_app", TENANT),
        ("platform_door", "audit_platform", "true"),
    ):
        op.execute(f"CREATE POLICY {name}_read ON event FOR SELECT TO {roles} USING ({condition})")
        op.execute(
            f"CREATE POLICY {name}_add ON event FOR INSERT TO {roles} WITH CHECK ({condition})"
        )
