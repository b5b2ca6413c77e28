"""Alembic, run by the owner role, and the walls that each new table gets."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from sqlalchemy import URL, Connection, MetaData, pool
from sqlalchemy.ext.asyncio import create_async_engine

from services.kernel.data.tables import IS_SIGNED
from services.kernel.evidence import audit
from services.kernel.serving import migration_state

TENANT = "tenant_id = NULLIF(current_setting('app.tenant_id'::text, true), ''::text)"
# Without NULLIF: a row of nobody's, to be read by whoever is bound to some tenant.
BOUND = "current_setting('app.tenant_id'::text, true) <> ''::text"
ALL = "SELECT, INSERT, UPDATE, DELETE"


def upgrade(folder: Path, owner: URL, revision: str = "head") -> None:
    """Brings a database forward to a revision; `folder` holds env.py and versions/."""
    command.upgrade(alembic_config(folder, owner), revision)


def alembic_config(folder: Path, owner: URL) -> Config:
    config = Config()
    # Doubled: Alembic takes a % for the start of a variable.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["url"] = owner
    return config


def run(metadata: MetaData) -> None:
    """Connects as the owner and migrates in one transaction; called by each env.py."""
    asyncio.run(_run(metadata))


async def _run(metadata: MetaData) -> None:
    address = context.config.attributes["url"].set(drivername="postgresql+asyncpg")
    engine = create_async_engine(address, poolclass=pool.NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(_migrate, metadata)
    await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        connection.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
        context.run_migrations()
        migration_state.write(connection, context.get_context().get_current_revision())


def isolate(
    op: ModuleType, database: str, table: str, *, app: str = ALL, platform: str = ALL
) -> None:
    """Adds the walls to a tenant table: forced row-level security, two policies, grants."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant_isolation ON {table} TO {database}_owner, {database}_app"
        f" USING ({TENANT}) WITH CHECK ({TENANT})"
    )
    op.execute(
        f"CREATE POLICY platform_door ON {table} TO {database}_platform"
        " USING (true) WITH CHECK (true)"
    )
    grant(op, database, table, app=app, platform=platform)


def share(op: ModuleType, database: str, table: str, *, condition: str = BOUND) -> None:
    """Lets tenants read a table of the platform's rows, in a transaction bound to one of them.

    The owner migrates all rows, so this is not forced upon it.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY bound_tenants ON {table} FOR SELECT TO {database}_app USING ({condition})"
    )
    op.execute(
        f"CREATE POLICY platform_door ON {table} TO {database}_platform"
        " USING (true) WITH CHECK (true)"
    )


def grant(op: ModuleType, database: str, table: str, *, app: str, platform: str = ALL) -> None:
    """Grants the two service roles rights on a table; an empty string grants none."""
    for role, what in (("app", app), ("platform", platform)):
        if what:
            op.execute(f"GRANT {what} ON {table} TO {database}_{role}")


def add_kernel_tables(op: ModuleType, database: str) -> None:
    """Creates audit_leaf and request_record in their present form, for a new service.

    A later change of them is added here, and to a migration of each service that has them already.
    """
    create_kernel_tables(op, database)
    seal_leaves(op)
    remember_events(op)
    require_signatures(op, "audit_leaf")


def create_kernel_tables(op: ModuleType, database: str) -> None:
    """Creates both tables in their first form, which older services have changed since."""
    _create(
        op,
        "audit_leaf",
        key=("tenant_id", "event_id"),
        texts=("service", "method", "resource", "actor", "request_id", "outcome", "changes"),
        times=("occur_time",),
    )
    _create(
        op,
        "request_record",
        key=("tenant_id", "actor", "request_id"),
        blobs=("digest", "response"),
        times=("create_time",),
    )
    isolate(op, database, "audit_leaf", app="INSERT", platform="SELECT, INSERT, DELETE")
    isolate(op, database, "request_record", app="SELECT, INSERT, UPDATE")


def remember_events(op: ModuleType) -> None:
    """Adds to request_record the events of an act, for whoever repeats it.

    Null is what instances of the version before write, which run beside this one during an upgrade.
    """
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("request_record", sa.Column("events", sa.Text))


def require_signatures(op: ModuleType, table: str) -> None:
    """Adds the service's signature to a table of events; new rows must have one.

    Rows of before keep none, and are told apart by that: hence NOT VALID.
    """
    op.add_column(table, sa.Column("signature", sa.LargeBinary()))
    op.execute(
        f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_is_signed CHECK ({IS_SIGNED}) NOT VALID"
    )


_SEALED_COLUMNS = ("service", "method", "resource", "actor", "request_id", "outcome", "changes")


def seal_leaves(op: ModuleType) -> None:
    """Converts audit_leaf to its sealed form, including rows that wait for the relay."""
    seal_rows(op, "audit_leaf")
    for name in _SEALED_COLUMNS:
        op.drop_column("audit_leaf", name)


def seal_rows(op: ModuleType, table: str) -> None:
    """Adds envelope, payload and salt to a table of events, and fills them in from its columns."""
    for name in ("envelope", "payload", "salt"):
        op.add_column(table, sa.Column(name, sa.LargeBinary()))
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # lets the owner see all rows
    connection = op.get_bind()
    columns = ", ".join(("tenant_id", "event_id", "occur_time", *_SEALED_COLUMNS))
    sealing = (
        f"UPDATE {table} SET envelope = :envelope, payload = :payload, salt = :salt"  # noqa: S608
        " WHERE tenant_id = :tenant_id AND event_id = :event_id"
    )
    rows = connection.execute(sa.text(f"SELECT {columns} FROM {table}")).mappings().all()  # noqa: S608
    for row in rows:
        key = {"tenant_id": row["tenant_id"], "event_id": row["event_id"]}
        connection.execute(sa.text(sealing), key | _sealed(row))
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for name in ("envelope", "payload", "salt"):
        op.alter_column(table, name, nullable=False)


def _sealed(row: Mapping[Any, Any]) -> dict[str, bytes]:
    facts: dict[str, Any] = {name: row[name] for name in _SEALED_COLUMNS if name != "changes"}
    facts |= {
        "event": f"tenants/{row['tenant_id']}/events/{row['event_id']}",
        "occur_time": audit.format_time(row["occur_time"]),
        "times": 1,
        **dict.fromkeys(("permission", "session", "reason"), ""),
    }
    changes = [change | {"personal": False} for change in json.loads(row["changes"])]
    sealed = audit.seal(facts, {"address": "", "changes": changes})
    return {"envelope": sealed.envelope, "payload": sealed.payload, "salt": sealed.salt}


def _create(
    op: ModuleType,
    table: str,
    *,
    key: tuple[str, ...],
    texts: tuple[str, ...] = (),
    blobs: tuple[str, ...] = (),
    times: tuple[str, ...] = (),
) -> None:
    op.create_table(
        table,
        *(sa.Column(name, sa.Text(collation="C"), nullable=False) for name in key),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in blobs),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in times),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
    )
