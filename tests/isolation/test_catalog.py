"""The databases themselves, the running platform's and fresh ones, against the models."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.kernel.data.connections import RestrictedConnection
from tests.isolation import catalog, discovery, privileges
from tests.platform import connect

NAMES = [*catalog.CHECKS, *privileges.CHECKS, "grants"]
each_database = pytest.mark.parametrize("database", discovery.databases())


@each_database
@pytest.mark.parametrize("name", NAMES)
async def test_a_database_made_just_now_is_walled(cluster, checks, database, name):
    async with cluster.session(database) as connection:
        deviations = await checks[name](connection, database)

    assert deviations == []


@each_database
@pytest.mark.parametrize("name", NAMES)
async def test_the_running_platforms_database_is_walled(platform, checks, database, name):
    connection = await connect(platform, database, "superuser")
    try:
        deviations = await checks[name](connection, database)
    finally:
        await connection.close()

    assert deviations == []


@each_database
# SQLAlchemy reflects a check that is NOT VALID with an argument that its own class does not take.
@pytest.mark.filterwarnings("ignore:Can't validate argument 'dialect_options'")
async def test_models_and_migrations_agree(cluster, database):
    address = cluster.url(database, "owner").set(drivername="postgresql+asyncpg")
    engine = create_async_engine(
        address, poolclass=NullPool, connect_args={"connection_class": RestrictedConnection}
    )

    def differences(connection):
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        metadatas: Any = list(discovery.metadatas(database))
        return compare_metadata(context, metadatas)

    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()

    assert [f for f in found if "alembic_version" not in str(f)] == []


@each_database
async def test_a_service_can_neither_read_nor_undo_its_audit_leaves(cluster, database):
    leaf = cluster.declared[database].get("audit_leaf")

    assert leaf is None or leaf[f"{database}_app"] == {"INSERT"}


async def test_every_database_has_checks_that_read_something(cluster):
    for database in discovery.databases():
        async with cluster.session(database) as connection:
            live = await privileges.table_grants(connection)

        assert live.keys() == {table.name for table in discovery.tables(database)}
