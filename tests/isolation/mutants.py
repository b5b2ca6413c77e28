"""Walls with one stone missing; each mutant names the guard that is gone and who must notice."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Table

from services.kernel.serving.migrations import TENANT
from tests.isolation.discovery import (
    is_append_only,
    is_open,
    is_owned,
    is_shared,
    is_tenants,
    tables,
)
from tests.isolation.rows import is_marked


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """`killer` is a check of the catalog, `attack` an attack on `table` that must get through.

    The statements may hold {database}, {app}, {t} and so on, see `_words`.
    """

    guard: str
    name: str
    sql: tuple[str, ...]
    killer: str
    attack: str = ""
    role: str = "app"
    binds: bool = True
    table: Table | None = None


def mutant(guard: str, name: str, *sql: str, killer: str, **more: Any) -> Mutant:
    return Mutant(guard=guard, name=name, sql=sql, killer=killer, **more)


def on(made: Mutant, database: str, table: Table) -> Mutant:
    """Makes a mutant of one table of one database."""
    words = _words(database, table)
    return replace(
        made,
        name=f"{table.name}: {made.name.format(**words)}",
        sql=tuple(sql.format(**words) for sql in made.sql),
        table=table,
    )


def _words(database: str, table: Table) -> dict[str, str]:
    suffix = "_read" if is_append_only(table) else ""
    return {
        "database": database,
        "app": f"{database}_app",
        "platform": f"{database}_platform",
        "owner": f"{database}_owner",
        "t": f'"{table.name}"',
        "isolation": f"tenant_isolation{suffix}",
        "door": f"platform_door{suffix}",
        "tenant": TENANT,
        "pk": f"pk_{table.name}",
    }


def of_keys(table: Table) -> Iterator[Mutant]:
    """The tenant is missing from a key, or does not lead it."""
    rest = ", ".join(f'"{c.name}"' for c in table.primary_key if c.name != "tenant_id")
    if rest:
        drop = "ALTER TABLE {t} DROP CONSTRAINT {pk} CASCADE"
        for guard, name, columns in (
            ("tenant in the primary key", "primary key across tenants", rest),
            ("tenant first", "primary key with the tenant last", f"{rest}, tenant_id"),
        ):
            add = f"ALTER TABLE {{t}} ADD PRIMARY KEY ({columns})"
            yield mutant(guard, name, drop, add, killer="keys")
    texts = [c.name for c in table.c if is_marked(table, c)]
    if texts:
        yield mutant(
            "tenant in every unique",
            f"{texts[-1]} unique across tenants",
            f'CREATE UNIQUE INDEX across ON {{t}} ("{texts[-1]}")',
            "GRANT SELECT, INSERT, DELETE ON {t} TO {app}",
            killer="keys",
            attack="finds_a_taken_key",
        )
        yield mutant(
            "tenant first in every index",
            f"index on {texts[0]}",
            f'CREATE INDEX across ON {{t}} ("{texts[0]}")',
            killer="keys",
        )


def of_reference(table: Table, key: ForeignKeyConstraint) -> Iterator[Mutant]:
    """A reference between tenants' tables goes without the tenant, or sets null."""
    parent = f'"{key.referred_table.name}"'
    pairs = [(e.parent.name, e.column.name) for e in key.elements if e.column.name != "tenant_id"]
    mine, theirs = (", ".join(f'"{name}"' for name in side) for side in zip(*pairs, strict=True))
    drop = f"ALTER TABLE {{t}} DROP CONSTRAINT {key.name}"
    yield mutant(
        "tenant in every reference",
        f"reference to {key.referred_table.name} by id alone",
        drop,
        f"CREATE UNIQUE INDEX by_id ON {parent} ({theirs})",
        f"ALTER TABLE {parent} ADD CONSTRAINT by_id UNIQUE USING INDEX by_id",
        f"ALTER TABLE {{t}} ADD CONSTRAINT to_by_id FOREIGN KEY ({mine})"
        f" REFERENCES {parent} ({theirs}) ON DELETE CASCADE",
        "GRANT INSERT ON {t} TO {app}",
        killer="references",
        attack="finds_a_row_to_refer_to" if len(_references(table)) == 1 else "",
    )
    yield mutant(
        "no SET NULL",
        f"reference to {key.referred_table.name} set null",
        drop,
        f"ALTER TABLE {{t}} ADD CONSTRAINT {key.name} FOREIGN KEY (tenant_id, {mine})"
        f" REFERENCES {parent} (tenant_id, {theirs}) ON DELETE SET NULL",
        killer="references",
    )


def _references(table: Table) -> list[ForeignKeyConstraint]:
    return [key for key in table.foreign_key_constraints if is_tenants(key.referred_table)]


def every_mutant(
    database: str, of_tables: list[Mutant], of_shared: list[Mutant], of_database: list[Mutant]
) -> list[Mutant]:
    """Makes all mutants of a database, those of each table and of each key among them."""
    owned = [table for table in tables(database) if is_owned(table)]
    found = [on(made, database, owned[0]) for made in of_database]
    for table in owned:
        made = list(of_tables)
        if is_append_only(table):
            made = [one for one in made if one.guard != "WITH CHECK"]
        if is_tenants(table):
            made += of_keys(table)
            made += [one for key in _references(table) for one in of_reference(table, key)]
        found += [on(one, database, table) for one in made]
    for table in filter(is_shared, tables(database)):
        if not is_open(table):
            found += [on(one, database, table) for one in of_shared]
    return found
