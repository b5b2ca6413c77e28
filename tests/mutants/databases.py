"""The mutants that `tests/isolation` makes of databases, counted guard by guard."""

from tests import cluster
from tests.isolation import discovery
from tests.isolation.mutant_killers import checks_of, killers, mutants_of, rows_in

Line = tuple[str, list[str], str, list[str]]
"""A guard, its mutants, the checks that kill them, and the mutants that survive."""


async def killed_in_databases() -> list[Line]:
    """Makes every mutant of every database in a new cluster; returns the results by guard."""
    names: dict[str, list[str]] = {}
    by: dict[str, set[str]] = {}
    survivors: dict[str, list[str]] = {}
    async with cluster.running() as made:
        for database in discovery.databases():
            rows = await rows_in(made, database)
            async with made.session(database) as connection:
                for mutant in mutants_of(database):
                    noticed = await killers(connection, checks_of(made), rows, database, mutant)
                    name, expected = f"{database}: {mutant.name}", {mutant.killer, mutant.attack}
                    names.setdefault(mutant.guard, []).append(name)
                    by.setdefault(mutant.guard, set()).update(noticed)
                    if expected - noticed - {""}:
                        survivors.setdefault(mutant.guard, []).append(name)
    return [
        (guard, held, ", ".join(sorted(by[guard])), survivors.get(guard, []))
        for guard, held in sorted(names.items())
    ]
