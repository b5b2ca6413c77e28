"""Takes one stone out of the walls at a time: a check notices and, where rows leak, an attack."""

from collections import Counter

import pytest

from tests.isolation import discovery
from tests.isolation.attacks import BOUND, UNBOUND
from tests.isolation.mutant_killers import killers, mutants_of
from tests.isolation.mutants import mutant as made


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


@pytest.fixture(scope="module", autouse=True)
async def only_these_rows(cluster, filled):
    """Removes what services have written for both tenants in tests of before."""
    for database, rows in filled.items():
        async with cluster.session(database) as connection:
            await rows.replace_all(connection)


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
