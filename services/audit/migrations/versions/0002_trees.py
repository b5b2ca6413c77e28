"""Events are sealed, and stand in trees that prove them.

Events of before are sealed here, as they are found; from then on they are proven like any other.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key
from services.kernel.serving.migrations import (
    TENANT,
    create_kernel_tables,
    grant,
    isolate,
    seal_leaves,
    seal_rows,
)

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    create_kernel_tables(op, "audit")
    seal_leaves(op)
    seal_rows(op, "event")
    _create_tables()
    _move_payloads()
    isolate(op, "audit", "event_payload", app="SELECT, DELETE", platform="SELECT, INSERT")
    isolate(op, "audit", "pending", app="SELECT", platform="SELECT, INSERT, DELETE")
    for table in ("entry", "node", "checkpoint"):
        _isolate(table)
    for table in ("platform_checkpoint", "cosignature"):
        grant(op, "audit", table, app="", platform="SELECT, INSERT")


def downgrade() -> None:
    raise RuntimeError("events are never removed: restore a backup into a new database instead")


def _create_tables() -> None:
    _create("event_payload", ("event_id",), salt=sa.LargeBinary(), payload=sa.LargeBinary())
    _create("pending", ("event_id",))
    _create("entry", ("idx",), event_id=Key)
    _create("node", ("level", "idx"), hash=sa.LargeBinary())
    _create(
        "checkpoint",
        ("size",),
        note=sa.Text(),
        head=sa.LargeBinary(),
        head_idx=sa.BigInteger(),
    )
    for table in ("event_payload", "pending", "entry"):
        op.create_foreign_key(f"fk_{table}_tenant_id_event_id", table, "event", *(
            ["tenant_id", "event_id"], ["tenant_id", "event_id"]
        ))  # fmt: skip
    op.create_unique_constraint("uq_entry_tenant_id_event_id", "entry", ["tenant_id", "event_id"])
    for table in ("platform_checkpoint", "cosignature"):
        op.create_table(
            table,
            sa.Column("size", sa.BigInteger(), nullable=False, autoincrement=False),
            sa.Column("note", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("size", name=f"pk_{table}"),
        )


_KEYS: dict[str, Any] = {
    "event_id": Key,
    "idx": sa.BigInteger(),
    "level": sa.Integer(),
    "size": sa.BigInteger(),
}


def _create(table: str, key: tuple[str, ...], **columns: Any) -> None:  # noqa: ANN401 - types
    op.create_table(
        table,
        sa.Column("tenant_id", Key, nullable=False),
        *(sa.Column(name, _KEYS[name], nullable=False) for name in key),
        *(sa.Column(name, kind, nullable=False) for name, kind in columns.items()),
        sa.PrimaryKeyConstraint("tenant_id", *key, name=f"pk_{table}"),
    )


def _move_payloads() -> None:
    op.execute("ALTER TABLE event NO FORCE ROW LEVEL SECURITY")
    op.execute("INSERT INTO event_payload SELECT tenant_id, event_id, salt, payload FROM event")
    op.execute("INSERT INTO pending SELECT tenant_id, event_id FROM event")
    op.execute("ALTER TABLE event FORCE ROW LEVEL SECURITY")
    for column in ("salt", "payload", "request_id", "changes"):
        op.drop_column("event", column)


def _isolate(table: str) -> None:
    """Forced row-level security with policies to read and to add, and none to change or remove."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for name, roles, condition in (
        ("tenant_isolation", "audit_owner, audit_app", TENANT),
        ("platform_door", "audit_platform", "true"),
    ):
        op.execute(
            f"CREATE POLICY {name}_read ON {table} FOR SELECT TO {roles} USING ({condition})"
        )
        op.execute(
            f"CREATE POLICY {name}_add ON {table} FOR INSERT TO {roles} WITH CHECK ({condition})"
        )
    grant(op, "audit", table, app="SELECT", platform="SELECT, INSERT")
