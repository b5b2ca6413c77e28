"""Makes a mutant of a database in a transaction, and finds out who notices."""

from collections.abc import Mapping
from functools import partial

import asyncpg

from tests.cluster import Cluster
from tests.isolation import catalog, privileges
from tests.isolation.attacks import BOUND, UNBOUND
from tests.isolation.catalog import Check
from tests.isolation.mutants import Mutant, every_mutant
from tests.isolation.mutants_of_databases import OF_DATABASES
from tests.isolation.mutants_of_tables import OF_SHARED, OF_TABLES
from tests.isolation.rows import Rows
from tests.isolation.target import Target, attempt


def checks_of(cluster: Cluster) -> dict[str, Check]:
    """Every check of a database's catalog, by name."""
    grants = partial(privileges.grants, declared=cluster.declared)
    return catalog.CHECKS | privileges.CHECKS | {"grants": grants}


async def rows_in(cluster: Cluster, database: str) -> Rows:
    """Puts rows of both tenants into every table of a database."""
    rows = Rows(database)
    async with cluster.session(database) as connection:
        await rows.insert(connection)
        await connection.execute("ANALYZE")
    return rows


def mutants_of(database: str) -> list[Mutant]:
    return every_mutant(database, OF_TABLES, OF_SHARED, OF_DATABASES)


async def killers(
    connection: asyncpg.Connection,
    checks: Mapping[str, Check],
    rows: Rows,
    database: str,
    mutant: Mutant,
) -> set[str]:
    """Makes a mutant in a transaction, and tells which of its named killers noticed."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        for sql in mutant.sql:
            await connection.execute(sql)
        noticed = set()
        if await checks[mutant.killer](connection, database):
            noticed.add(mutant.killer)
        if mutant.attack and await _gets_through(connection, rows, database, mutant):
            noticed.add(mutant.attack)
        return noticed
    finally:
        await transaction.rollback()


async def _gets_through(
    connection: asyncpg.Connection, rows: Rows, database: str, mutant: Mutant
) -> bool:
    """Makes the mutant's attack as the role, by this very connection: it alone sees the mutant."""
    assert mutant.table is not None
    t = Target(connection, database, mutant.table, rows, "paris", "lyon")
    async with connection.transaction():
        await connection.execute(f"SET LOCAL SESSION AUTHORIZATION {database}_{mutant.role}")
        if mutant.binds:
            await connection.execute("SELECT tenancy.enter('paris')")
        attacks = BOUND if mutant.binds else UNBOUND
        breach = await attempt(attacks[mutant.attack], t)
        await connection.execute("RESET SESSION AUTHORIZATION")
    return breach is not None
