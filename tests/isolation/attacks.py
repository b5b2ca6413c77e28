"""What a tenant's session might try against another tenant, table by table.

Each attack runs in a transaction bound to one tenant, and ends in one of two ways: PostgreSQL
refuses it (42501), or it touches and shows no row. Anything else is a breach, and is told in words.
"""

import asyncpg
from sqlalchemy import Table, UniqueConstraint

from tests.isolation import binding_attacks
from tests.isolation.discovery import is_tenants
from tests.isolation.rows import Row, insert, keys, mark
from tests.isolation.target import Attack, Breach, Target, foreign_rows


async def reads_everything(t: Target) -> Breach:
    return foreign_rows(await t.count("tenant_id IS DISTINCT FROM $1", t.own))


async def reads_by_key(t: Target) -> Breach:
    found = {name: t.theirs[name] for name in keys(t.table)} | {"tenant_id": t.other}
    where = " AND ".join(f'"{name}" = ${n}' for n, name in enumerate(found, 1))
    return foreign_rows(await t.count(where, *found.values()))


async def locks_rows(t: Target) -> Breach:
    sql = f"SELECT 1 FROM {t.name} WHERE tenant_id = $1 FOR UPDATE"
    return foreign_rows(len(await t.connection.fetch(sql, t.other)))


async def probes_with_a_subselect(t: Target) -> Breach:
    sql = f"SELECT EXISTS (SELECT FROM {t.name} WHERE tenant_id = $1)"
    return foreign_rows(int(await t.connection.fetchval(sql, t.other)))


async def inserts_for_the_other(t: Target) -> Breach:
    row = t.rows.make(t.table, t.other, variant="forged")
    await insert(t.connection, t.table, row)
    return "a row of the other tenant was inserted"


async def updates(t: Target) -> Breach:
    column = t.a_column
    sql = f'UPDATE {t.name} SET "{column}" = "{column}" WHERE tenant_id = $1'
    return foreign_rows(await t.tag(sql, t.other))


async def updates_and_returns(t: Target) -> Breach:
    column = t.a_column
    sql = f'UPDATE {t.name} SET "{column}" = "{column}" RETURNING tenant_id'
    rows = await t.connection.fetch(sql)
    return foreign_rows(sum(row["tenant_id"] != t.own for row in rows))


async def deletes(t: Target) -> Breach:
    return foreign_rows(await t.tag(f"DELETE FROM {t.name} WHERE tenant_id = $1", t.other))


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
    return foreign_rows(b"".join(chunks).count(mark(t.other).encode()))


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
            if _meets_its_own(t, row) and not await t.tag(
                f"DELETE FROM {t.name} WHERE tenant_id = $1", t.own
            ):
                continue  # a row of its own is in the way, which nobody may remove
            await insert(t.connection, t.table, row | {"tenant_id": t.own})
        except asyncpg.UniqueViolationError as error:
            return f"{error.constraint_name} tells that the key is taken"
        except (asyncpg.ForeignKeyViolationError, asyncpg.InsufficientPrivilegeError):
            continue
        finally:
            await transaction.rollback()
    return None


def _meets_its_own(t: Target, row: Row) -> bool:
    return any(
        all(row[name] == t.mine[name] for name in names if name != "tenant_id")
        for names in _declared_keys(t.table)
    )


def _unique_keys(table: Table) -> list[list[str]]:
    """Lists what the models say is unique, and each column besides, which might be in secret."""
    return _declared_keys(table) + [[c.name] for c in table.c if not c.foreign_keys]


def _declared_keys(table: Table) -> list[list[str]]:
    constraints = [u.columns for u in table.constraints if isinstance(u, UniqueConstraint)]
    indexes = [i.columns for i in table.indexes if i.unique]
    return [keys(table), *([c.name for c in columns] for columns in (*constraints, *indexes))]


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
        binding_attacks.enters_again,
        binding_attacks.enters_again_in_a_statement,
        binding_attacks.enters_again_after_a_savepoint,
        binding_attacks.sets_the_config,
        binding_attacks.updates_pg_settings,
        binding_attacks.becomes_the_platform,
        binding_attacks.becomes_the_owner,
        binding_attacks.turns_row_security_off,
        finds_a_taken_key,
        finds_a_row_to_refer_to,
        binding_attacks.reads_statistics,
        binding_attacks.makes_a_function_that_tells,
        binding_attacks.makes_a_temporary_table,
        binding_attacks.changes_the_walls,
    )
}


async def reads_unbound(t: Target) -> Breach:
    return foreign_rows(await t.count("true"))


async def inserts_unbound(t: Target) -> Breach:
    await insert(t.connection, t.table, t.rows.make(t.table, t.other, variant="unbound"))
    return "a row was inserted without a tenant"


async def enters_nothing(t: Target) -> Breach:
    await t.connection.execute("SELECT tenancy.enter('')")
    return foreign_rows(await t.count("true")) or "no tenant was bound, and nobody minded"


UNBOUND: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (reads_unbound, inserts_unbound, updates, deletes, copies_out, enters_nothing)
}
