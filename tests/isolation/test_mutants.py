"""Takes one stone out of the walls at a time: a check notices and, where rows leak, an attack."""

from collections import Counter

import asyncpg
import pytest

from tests.isolation import discovery
from tests.isolation.attacks import BOUND, UNBOUND
from tests.isolation.mutants import Mutant, every_mutant
from tests.isolation.mutants import mutant as made
from tests.isolation.mutants_of_databases import OF_DATABASES
from tests.isolation.mutants_of_tables import OF_TABLES
from tests.isolation.target import Target, attempt


def mutants_of(database: str) -> list[Mutant]:
    return every_mutant(database, OF_TABLES, OF_DATABASES)


async def killers(connection: asyncpg.Connection, checks, rows, database: str, mutant: Mutant):
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


async def _gets_through(connection, rows, database, mutant) -> bool:
    """Makes the mutant's attack as the role, by this very connection: it alone sees the mutant."""
    t = Target(connection, database, mutant.table, rows, "paris", "lyon")
    async with connection.transaction():
        await connection.execute(f"SET LOCAL SESSION AUTHORIZATION {database}_{mutant.role}")
        if mutant.binds:
            await connection.execute("SELECT tenancy.enter('paris')")
        attacks = BOUND if mutant.binds else UNBOUND
        breach = await attempt(attacks[mutant.attack], t)
        await connection.execute("RESET SESSION AUTHORIZATION")
    return breach is not None


@pytest.mark.parametrize("database", discovery.databases())
async def test_every_mutant_is_killed(cluster, checks, filled, database, record_property):
    mutants, lines, survivors = mutants_of(database), [], []
    async with cluster.session(database) as connection:
        for mutant in mutants:
            noticed = await killers(connection, checks, filled[database], database, mutant)
            missing = {mutant.killer, mutant.attack} - noticed - {""}
            lines.append(f"{mutant.guard:28} {mutant.name:70} {', '.join(sorted(noticed))}")
            if missing:
                survivors.append(f"{mutant.name}: not noticed by {', '.join(sorted(missing))}")

    print("\n".join(lines))  # noqa: T201 - seen with -s, and when a mutant survives
    record_property("mutants", len(mutants))
    assert survivors == []


@pytest.mark.parametrize("database", discovery.databases())
async def test_without_a_mutant_nothing_is_noticed(cluster, checks, filled, database):
    table = next(t for t in discovery.tables(database) if discovery.is_owned(t))
    harmless = [
        made("none", name, killer="policies", attack=name, table=table, binds=name in BOUND)
        for name in (*BOUND, *UNBOUND)
    ]
    async with cluster.session(database) as connection:
        noticed = {name for name, check in checks.items() if await check(connection, database)}
        for mutant in harmless:
            noticed |= await killers(connection, checks, filled[database], database, mutant)

    assert noticed == set()


def test_every_check_has_a_mutant_to_kill(checks):
    kills = Counter(m.killer for d in discovery.databases() for m in mutants_of(d))

    assert set(kills) == set(checks)
