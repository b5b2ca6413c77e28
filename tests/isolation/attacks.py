"""What a tenant's session might try against another tenant, table by table.

Each attack runs in a transaction bound to one tenant, and ends in one of two ways: PostgreSQL
refuses it (42501), or it touches and shows no row. Anything else is a breach, and is told in words.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
from sqlalchemy import Table, UniqueConstraint

from tests.isolation.discovery import is_tenants
from tests.isolation.rows import Row, Rows, insert, keys, mark

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


def _shown(count: int) -> Breach:
    return f"{count} rows of the other tenant" if count else None


async def reads_everything(t: Target) -> Breach:
    return _shown(await t.count("tenant_id IS DISTINCT FROM $1", t.own))


async def reads_by_key(t: Target) -> Breach:
    found = {name: t.theirs[name] for name in keys(t.table)} | {"tenant_id": t.other}
    where = " AND ".join(f'"{name}" = ${n}' for n, name in enumerate(found, 1))
    return _shown(await t.count(where, *found.values()))


async def locks_rows(t: Target) -> Breach:
    sql = f"SELECT 1 FROM {t.name} WHERE tenant_id = $1 FOR UPDATE"
    return _shown(len(await t.connection.fetch(sql, t.other)))


async def probes_with_a_subselect(t: Target) -> Breach:
    sql = f"SELECT EXISTS (SELECT FROM {t.name} WHERE tenant_id = $1)"
    return _shown(int(await t.connection.fetchval(sql, t.other)))


async def inserts_for_the_other(t: Target) -> Breach:
    row = t.rows.make(t.table, t.other, variant="forged")
    await insert(t.connection, t.table, row)
    return "a row of the other tenant was inserted"


async def updates(t: Target) -> Breach:
    column = t.a_column
    sql = f'UPDATE {t.name} SET "{column}" = "{column}" WHERE tenant_id = $1'
    return _shown(await t.tag(sql, t.other))


async def updates_and_returns(t: Target) -> Breach:
    column = t.a_column
    sql = f'UPDATE {t.name} SET "{column}" = "{column}" RETURNING tenant_id'
    rows = await t.connection.fetch(sql)
    return _shown(sum(row["tenant_id"] != t.own for row in rows))


async def deletes(t: Target) -> Breach:
    return _shown(await t.tag(f"DELETE FROM {t.name} WHERE tenant_id = $1", t.other))


async def moves_a_row(t: Target) -> Breach:
    moved = await t.tag(f"UPDATE {t.name} SET tenant_id = $1 WHERE tenant_id = $2", t.other, t.own)
    return f"{moved} rows were given to the other tenant" if moved else None


async def upserts_onto_their_key(t: Target) -> Breach:
    column = t.a_column
    conflict = ", ".join(f'"{name}"' for name in keys(t.table))
    await insert(
        t.connection,
        t.table,
        t.theirs,
        f'ON CONFLICT ({conflict}) DO UPDATE SET "{column}" = excluded."{column}"',
    )
    return "a row of the other tenant was overwritten"


async def inserts_if_absent(t: Target) -> Breach:
    await insert(t.connection, t.table, t.theirs, "ON CONFLICT DO NOTHING")
    return "whether the other tenant has a row can be told"


async def copies_out(t: Target) -> Breach:
    chunks: list[bytes] = []

    async def take(data: bytes) -> None:
        chunks.append(data)

    await t.connection.copy_from_query(f"SELECT * FROM {t.name}", output=take)
    await t.connection.copy_from_table(t.table.name, output=take)
    return _shown(b"".join(chunks).count(mark(t.other).encode()))


async def copies_in(t: Target) -> Breach:
    row = t.rows.make(t.table, t.other, variant="copied")
    try:
        await t.connection.copy_records_to_table(
            t.table.name, records=[tuple(row.values())], columns=list(row)
        )
    except asyncpg.FeatureNotSupportedError:  # COPY FROM is refused wherever a policy binds
        return None
    return "a row of the other tenant was copied in"


async def truncates(t: Target) -> Breach:
    await t.connection.execute(f"TRUNCATE {t.name} CASCADE")
    return "the table was emptied"


async def enters_again(t: Target) -> Breach:
    await t.connection.execute("SELECT tenancy.enter($1)", t.other)
    return f"the tenant was changed; {await t.count('tenant_id = $1', t.other)} rows"


async def enters_again_in_a_statement(t: Target) -> Breach:
    sql = (
        f"SELECT count(*) FROM (SELECT tenancy.enter($1)) AS e, LATERAL"
        f" (SELECT tenant_id FROM {t.name} OFFSET 0) AS r WHERE r.tenant_id = $1"
    )
    await t.connection.fetchval(sql, t.other)
    return "the tenant was changed within a statement"


async def enters_again_after_a_savepoint(t: Target) -> Breach:
    inner = t.connection.transaction()
    await inner.start()
    try:
        await t.connection.execute("SELECT tenancy.enter($1)", t.other)
    except asyncpg.InsufficientPrivilegeError:
        await inner.rollback()
    return _shown(await t.count("tenant_id = $1", t.other))


async def sets_the_config(t: Target) -> Breach:
    await t.connection.fetchval("SELECT set_config('app.tenant_id', $1, true)", t.other)
    return "set_config may be called"


async def updates_pg_settings(t: Target) -> Breach:
    await t.connection.execute(
        "UPDATE pg_settings SET setting = $1 WHERE name = 'app.tenant_id'", t.other
    )
    return _shown(await t.count("tenant_id = $1", t.other))


async def becomes_the_platform(t: Target) -> Breach:
    await t.connection.execute(f"SET ROLE {t.database}_platform")
    return "the platform's role was taken"


async def becomes_the_owner(t: Target) -> Breach:
    await t.connection.execute(f"SET ROLE {t.database}_owner")
    return "the owner's role was taken"


async def turns_row_security_off(t: Target) -> Breach:
    await t.connection.execute("SET LOCAL row_security = off")
    return _shown(await t.count("tenant_id = $1", t.other)) or "rows were read without policies"


async def finds_a_taken_key(t: Target) -> Breach:
    """Inserts rows of its own with the other's keys: taken or not, it must not be able to tell."""
    if not is_tenants(t.table):
        return None  # what is unique on all the platform says so by being there
    fresh = t.rows.make(t.table, t.own, variant="fresh")
    for columns in _unique_keys(t.table):
        row = fresh | {name: t.theirs[name] for name in columns if name != "tenant_id"}
        transaction = t.connection.transaction()
        await transaction.start()
        try:
            if all(row[name] == t.mine[name] for name in keys(t.table)):  # it would meet its own
                await t.connection.execute(f"DELETE FROM {t.name} WHERE tenant_id = $1", t.own)
            await insert(t.connection, t.table, row | {"tenant_id": t.own})
        except asyncpg.UniqueViolationError as error:
            return f"{error.constraint_name} tells that the key is taken"
        except (asyncpg.ForeignKeyViolationError, asyncpg.InsufficientPrivilegeError):
            continue
        finally:
            await transaction.rollback()
    return None


def _unique_keys(table: Table) -> list[list[str]]:
    """Lists what the models say is unique, and each column besides, which might be in secret."""
    found = [keys(table)]
    found += [[c.name for c in u.columns] for u in table.constraints
              if isinstance(u, UniqueConstraint)]  # fmt: skip
    found += [[c.name for c in i.columns] for i in table.indexes if i.unique]
    return found + [[c.name] for c in table.c if not c.foreign_keys]


async def finds_a_row_to_refer_to(t: Target) -> Breach:
    """Refers to the other's rows, and to nobody's: both must fail in the same way."""
    for key in t.table.foreign_key_constraints:
        if not is_tenants(key.referred_table):
            continue
        outcomes = set()
        for variant in ("theirs", "nobodys"):
            row = t.rows.make(t.table, t.own, variant="child")
            parent = t.rows.of[key.referred_table.name, t.other]
            for element in key.elements:
                if element.column.name != "tenant_id":
                    theirs = parent[element.column.name]
                    row[element.parent.name] = theirs if variant == "theirs" else f"{theirs}-not"
            outcomes.add(await _outcome(t, row))
        if len(outcomes) > 1 or "done" in outcomes:
            return f"{key.name} tells whether the other has a row: {outcomes}"
    return None


async def _outcome(t: Target, row: Row) -> str:
    transaction = t.connection.transaction()
    await transaction.start()
    try:
        await insert(t.connection, t.table, row)
    except asyncpg.PostgresError as error:
        return str(error.sqlstate)
    else:
        return "done"
    finally:
        await transaction.rollback()


async def reads_statistics(t: Target) -> Breach:
    sql = "SELECT count(*) FROM pg_stats WHERE tablename = $1"
    return _shown(await t.connection.fetchval(sql, t.table.name))


async def makes_a_function_that_tells(t: Target) -> Breach:
    """A cheap function in WHERE could see rows before the policy does; none can be made."""
    await t.connection.execute(
        "CREATE FUNCTION pg_temp.tell(x text) RETURNS bool LANGUAGE plpgsql COST 0.0000001"
        " AS $$ BEGIN RAISE NOTICE '%', x; RETURN true; END $$"
    )
    return "a function was made"


async def makes_a_temporary_table(t: Target) -> Breach:
    await t.connection.execute(f"CREATE TEMP TABLE stolen AS SELECT * FROM {t.name}")
    return "a table was made"


async def changes_the_walls(t: Target) -> Breach:
    await t.connection.execute(f"ALTER TABLE {t.name} DISABLE ROW LEVEL SECURITY")
    return "the walls were taken down"


BOUND: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        reads_everything,
        reads_by_key,
        locks_rows,
        probes_with_a_subselect,
        inserts_for_the_other,
        updates,
        updates_and_returns,
        deletes,
        moves_a_row,
        upserts_onto_their_key,
        inserts_if_absent,
        copies_out,
        copies_in,
        truncates,
        enters_again,
        enters_again_in_a_statement,
        enters_again_after_a_savepoint,
        sets_the_config,
        updates_pg_settings,
        becomes_the_platform,
        becomes_the_owner,
        turns_row_security_off,
        finds_a_taken_key,
        finds_a_row_to_refer_to,
        reads_statistics,
        makes_a_function_that_tells,
        makes_a_temporary_table,
        changes_the_walls,
    )
}


async def reads_unbound(t: Target) -> Breach:
    return _shown(await t.count("true"))


async def inserts_unbound(t: Target) -> Breach:
    await insert(t.connection, t.table, t.rows.make(t.table, t.other, variant="unbound"))
    return "a row was inserted without a tenant"


async def enters_nothing(t: Target) -> Breach:
    await t.connection.execute("SELECT tenancy.enter('')")
    return _shown(await t.count("true")) or "no tenant was bound, and nobody minded"


UNBOUND: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (reads_unbound, inserts_unbound, updates, deletes, copies_out, enters_nothing)
}
