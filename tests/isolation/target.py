"""Where an attack is made, and how it ends."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
from sqlalchemy import Table

from tests.isolation.rows import Row, Rows, keys

REFUSED = "42501"


@dataclass(frozen=True)
class Target:
    """Where an attack is made, by whom and on whom."""

    connection: asyncpg.Connection
    database: str
    table: Table
    rows: Rows
    own: str
    other: str

    @property
    def name(self) -> str:
        return f'"{self.table.name}"'

    @property
    def mine(self) -> Row:
        return self.rows.of[self.table.name, self.own]

    @property
    def theirs(self) -> Row:
        return self.rows.of[self.table.name, self.other]

    @property
    def a_column(self) -> str:
        """Some column to write to."""
        return next((c.name for c in self.table.c if c.name not in keys(self.table)), "tenant_id")

    async def count(self, condition: str, *values: object) -> int:
        sql = f"SELECT count(*) FROM {self.name} WHERE {condition}"
        return int(await self.connection.fetchval(sql, *values))

    async def tag(self, sql: str, *values: object) -> int:
        """Executes a statement and tells how many rows it touched."""
        return int((await self.connection.execute(sql, *values)).split()[-1])


Breach = str | None
Attack = Callable[[Target], Awaitable[Breach]]


async def attempt(attack: Attack, target: Target) -> Breach:
    """Makes an attack in a transaction (a savepoint, inside one) and takes it back."""
    transaction = target.connection.transaction()
    await transaction.start()
    try:
        return await attack(target)
    except asyncpg.PostgresError as error:
        if error.sqlstate == REFUSED:
            return None
        return f"{error.sqlstate}: {error}"
    finally:
        await transaction.rollback()


def foreign_rows(count: int) -> Breach:
    return f"{count} rows of the other tenant" if count else None
