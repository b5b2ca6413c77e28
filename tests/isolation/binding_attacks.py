"""What a tenant's session might try in order to be bound to another tenant, or to none."""

import asyncpg

from tests.isolation.target import Breach, Target, foreign_rows


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
    return foreign_rows(await t.count("tenant_id = $1", t.other))


async def sets_the_config(t: Target) -> Breach:
    await t.connection.fetchval("SELECT set_config('app.tenant_id', $1, true)", t.other)
    return "set_config may be called"


async def updates_pg_settings(t: Target) -> Breach:
    await t.connection.execute(
        "UPDATE pg_settings SET setting = $1 WHERE name = 'app.tenant_id'", t.other
    )
    return foreign_rows(await t.count("tenant_id = $1", t.other))


async def becomes_the_platform(t: Target) -> Breach:
    await t.connection.execute(f"SET ROLE {t.database}_platform")
    return "the platform's role was taken"


async def becomes_the_owner(t: Target) -> Breach:
    await t.connection.execute(f"SET ROLE {t.database}_owner")
    return "the owner's role was taken"


async def turns_row_security_off(t: Target) -> Breach:
    await t.connection.execute("SET LOCAL row_security = off")
    return (
        foreign_rows(await t.count("tenant_id = $1", t.other)) or "rows were read without policies"
    )


async def reads_statistics(t: Target) -> Breach:
    sql = "SELECT count(*) FROM pg_stats WHERE tablename = $1"
    return foreign_rows(await t.connection.fetchval(sql, t.table.name))


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
