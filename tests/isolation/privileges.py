"""Who may do what, by PostgreSQL's own catalog; checks are as in catalog.py."""

import asyncpg

from tests.cluster import Grants
from tests.isolation import discovery

# What provisioning sets for a role; anything else that a role brings along could bind a tenant.
SETTINGS = {
    *("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"),
    "log_min_error_statement",
}
_USER = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"


async def owners(connection: asyncpg.Connection, database: str) -> list[str]:
    """One owner owns every object of the database, and the service roles own nothing."""
    rows = await connection.fetch(
        "SELECT c.relname AS name, pg_get_userbyid(c.relowner) AS owner"
        f" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_USER}"
        " UNION ALL SELECT p.proname, pg_get_userbyid(p.proowner)"
        f" FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_USER}"
        " UNION ALL SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace"
        " WHERE nspname = 'tenancy'"
        " UNION ALL SELECT datname, pg_get_userbyid(datdba) FROM pg_database"
        " WHERE datname = current_database()"
    )
    owner = f"{database}_owner"
    return [f"{r['name']} belongs to {r['owner']}" for r in rows if r["owner"] != owner]


async def roles(connection: asyncpg.Connection, database: str) -> list[str]:
    """The three roles log in and can do nothing besides; nobody is a member of anybody."""
    names = [f"{database}_{part}" for part in ("owner", "app", "platform")]
    rows = {
        row["rolname"]: row
        for row in await connection.fetch("SELECT * FROM pg_roles WHERE rolname = ANY($1)", names)
    }
    found = [f"{name} is missing" for name in names if name not in rows]
    powers = ("rolsuper", "rolbypassrls", "rolinherit", "rolcreatedb", "rolcreaterole")
    for name, row in rows.items():
        found += [f"{name} has {power}" for power in (*powers, "rolreplication") if row[power]]
        found += [] if row["rolcanlogin"] else [f"{name} cannot log in"]
    members = await connection.fetch(
        "SELECT pg_get_userbyid(member) AS member, pg_get_userbyid(roleid) AS of"
        " FROM pg_auth_members WHERE pg_get_userbyid(member) = ANY($1)",
        names,
    )
    return found + [f"{row['member']} is a member of {row['of']}" for row in members]


async def settings(connection: asyncpg.Connection, database: str) -> list[str]:
    """No role and no database brings along a setting that could bind a tenant or lift a wall."""
    rows = await connection.fetch(
        "SELECT COALESCE(pg_get_userbyid(NULLIF(setrole, 0)), 'everybody') AS role,"
        " unnest(setconfig) AS setting FROM pg_db_role_setting"
        " WHERE setdatabase IN (0, (SELECT oid FROM pg_database"
        "  WHERE datname = current_database()))"
    )
    return [
        f"{row['role']} has {row['setting']}"
        for row in rows
        if row["setting"].partition("=")[0] not in SETTINGS
    ]


async def table_grants(connection: asyncpg.Connection) -> Grants:
    """Reads who may do what with which table, the owners left out."""
    rows = await connection.fetch(
        "SELECT c.relname, COALESCE(pg_get_userbyid(NULLIF(a.grantee, 0)), 'PUBLIC') AS grantee,"
        " array_agg(a.privilege_type || CASE WHEN a.is_grantable THEN ' AND GRANT' ELSE '' END)"
        "  AS rights"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,"
        " aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) a"
        f" WHERE {_USER} AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND a.grantee <> c.relowner"
        " GROUP BY 1, 2"
    )
    found: Grants = {}
    for row in rows:
        found.setdefault(row["relname"], {})[row["grantee"]] = frozenset(row["rights"])
    return found


async def grants(
    connection: asyncpg.Connection, database: str, *, declared: dict[str, Grants]
) -> list[str]:
    """Each service role holds exactly what the migrations declare, and nobody else anything."""
    live, expected = await table_grants(connection), declared[database]
    found = []
    for table in live.keys() | expected.keys():
        for role in live.get(table, {}).keys() | expected.get(table, {}).keys():
            is_, should = (g.get(table, {}).get(role, frozenset()) for g in (live, expected))
            if is_ != should:
                found.append(f"{role} may {sorted(is_)} on {table}, declared {sorted(should)}")
    return found


async def wider_grants(connection: asyncpg.Connection, database: str) -> list[str]:
    """Outside tables: nobody makes objects or temporary tables, nobody gets rights by default.

    Nobody gets into another database, where set_config may not be revoked.
    """
    found = []
    for part in ("app", "platform"):
        role = f"{database}_{part}"
        for what, right in (("schema public", "CREATE"), ("schema tenancy", "CREATE")):
            schema = what.split()[1]
            if await connection.fetchval(
                "SELECT has_schema_privilege($1, $2, $3)", role, schema, right
            ):
                found.append(f"{role} may {right} in {what}")
        for right in ("CREATE", "TEMP"):
            if await connection.fetchval(
                "SELECT has_database_privilege($1, current_database(), $2)", role, right
            ):
                found.append(f"{role} may {right} in the database")
    others = sorted({"postgres", "template1", *discovery.databases()} - {database})
    found += [
        f"{database}_{part} may connect to {other}"
        for part in ("app", "platform", "owner")
        for other in others
        if await connection.fetchval(
            "SELECT has_database_privilege($1, $2, 'CONNECT')", f"{database}_{part}", other
        )
    ]
    public = await connection.fetch(
        "SELECT a.privilege_type AS right FROM pg_database d, aclexplode(d.datacl) a"
        " WHERE d.datname = current_database() AND a.grantee = 0"
        " UNION ALL SELECT n.nspname || ': ' || a.privilege_type"
        f" FROM pg_namespace n, aclexplode(n.nspacl) a WHERE {_USER} AND a.grantee = 0"
    )
    defaults = await connection.fetchval("SELECT count(*) FROM pg_default_acl")
    found += [f"PUBLIC holds {row['right']}" for row in public]
    return found + ([f"{defaults} default privileges"] if defaults else [])


async def column_grants(connection: asyncpg.Connection, database: str) -> list[str]:
    """No rights on single columns (R15)."""
    rows = await connection.fetch(
        "SELECT a.attrelid::regclass::text AS name, a.attname FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {_USER} AND a.attacl IS NOT NULL"
    )
    return [f"{row['name']}.{row['attname']} has rights of its own" for row in rows]


async def set_config(connection: asyncpg.Connection, database: str) -> list[str]:
    """None of the roles may call set_config, with which one expression could change the tenant."""
    return [
        f"{database}_{part} may call set_config"
        for part in ("owner", "app", "platform")
        if await connection.fetchval(
            "SELECT has_function_privilege($1, 'pg_catalog.set_config(text,text,boolean)',"
            " 'EXECUTE')",
            f"{database}_{part}",
        )
    ]


CHECKS = {
    check.__name__: check
    for check in (owners, roles, settings, wider_grants, column_grants, set_config)
}
