"""What PostgreSQL's own catalog must say; each check names every deviation from it.

A check takes a connection that may read everything and the database's name, so that it serves the
running platform, a fresh database and a mutant alike.
"""

from collections.abc import Awaitable, Callable

import asyncpg

from deploy.provision import ENTER
from services.kernel.serving.migrations import BOUND, TENANT
from tests.isolation.discovery import (
    is_append_only,
    is_open,
    is_owned,
    is_shared,
    is_tenants,
    tables,
)

Check = Callable[[asyncpg.Connection, str], Awaitable[list[str]]]
_USER = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"


def _expected_policies(database: str) -> set[tuple[object, ...]]:
    tenants = frozenset({f"{database}_owner", f"{database}_app"})
    platform = frozenset({f"{database}_platform"})
    found: set[tuple[object, ...]] = set()
    for table in filter(is_owned, tables(database)):
        for name, roles, condition in (
            ("tenant_isolation", tenants, f"({TENANT})"),
            ("platform_door", platform, "true"),
        ):
            if is_append_only(table):
                read = (table.name, f"{name}_read", "PERMISSIVE", roles, "SELECT", condition, None)
                add = (table.name, f"{name}_add", "PERMISSIVE", roles, "INSERT", None, condition)
                found |= {read, add}
            else:
                found.add((table.name, name, "PERMISSIVE", roles, "ALL", condition, condition))
    for table in filter(is_shared, tables(database)):
        app = frozenset({f"{database}_app"})
        readable = "true" if is_open(table) else f"({BOUND})"
        found |= {
            (table.name, "bound_tenants", "PERMISSIVE", app, "SELECT", readable, None),
            (table.name, "platform_door", "PERMISSIVE", platform, "ALL", "true", "true"),
        }
    return found


async def policies(connection: asyncpg.Connection, database: str) -> list[str]:
    """The policies are the canonical ones, to the byte, and no table has another."""
    rows = await connection.fetch(
        "SELECT tablename, policyname, permissive, roles::text[], cmd, qual, with_check"
        " FROM pg_policies"
    )
    live = {(*row[:3], frozenset(row[3]), *row[4:]) for row in rows}
    expected = _expected_policies(database)
    return [f"unexpected policy {p}" for p in live - expected] + [
        f"missing policy {p}" for p in expected - live
    ]


async def forced(connection: asyncpg.Connection, database: str) -> list[str]:
    """Row-level security is on, and binds the owner too, wherever there is a tenant_id."""
    rows = await connection.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {_USER} AND c.relkind IN ('r', 'p') AND EXISTS ("
        "  SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id'"
        "  AND NOT attisdropped)"
        " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    )
    return [f"{row['relname']} is not under forced row-level security" for row in rows]


async def shared(connection: asyncpg.Connection, database: str) -> list[str]:
    """Tenants read the platform's rows only where that is declared, and then under policies."""
    rows = await connection.fetch(
        "SELECT c.relname, c.relrowsecurity FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {_USER} AND c.relkind IN ('r', 'p') AND NOT EXISTS ("
        "  SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id'"
        "  AND NOT attisdropped) AND has_table_privilege($1, c.oid, 'SELECT')",
        f"{database}_app",
    )
    declared = {table.name for table in tables(database) if is_shared(table)}
    return [f"{row['relname']} is shared without saying so" for row in rows
            if row["relname"] not in declared] + [
        f"{row['relname']} is shared with sessions of no tenant" for row in rows
        if not row["relrowsecurity"]
    ]  # fmt: skip


async def relations(connection: asyncpg.Connection, database: str) -> list[str]:
    """Exactly the models' tables, and nothing that reads around a wall, such as a view."""
    rows = await connection.fetch(
        "SELECT c.relname, c.relkind::text, n.nspname, c.relispartition OR EXISTS ("
        "  SELECT FROM pg_inherits WHERE inhrelid = c.oid) AS is_part"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {_USER} AND c.relkind NOT IN ('i', 'I', 't', 'c')"
    )
    known = {table.name for table in tables(database)} | {"alembic_version"}
    live = {r["relname"] for r in rows if (r["relkind"], r["nspname"]) == ("r", "public")}
    kinds = {"v": "view", "m": "materialised view", "f": "foreign table", "p": "partitioned table"}
    found = [
        f"{r['nspname']}.{r['relname']} is a {kinds.get(r['relkind'], r['relkind'])}"
        for r in rows
        if r["relkind"] != "r" or r["nspname"] != "public"
    ]
    found += [f"{r['relname']} inherits" for r in rows if r["is_part"]]
    found += [f"{name} is unknown to the models" for name in live - known]
    return found + [f"{name} is missing" for name in known - live]


async def triggers(connection: asyncpg.Connection, database: str) -> list[str]:
    """No triggers and no rules (R12): they work on rows that nobody scoped."""
    rows = await connection.fetch(
        "SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal"
        " UNION ALL SELECT evtname FROM pg_event_trigger"
        " UNION ALL SELECT r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_USER} AND c.relkind = 'r'"
    )
    return [f"there is {row['name']}" for row in rows]


async def functions(connection: asyncpg.Connection, database: str) -> list[str]:
    """Functions run as who calls them, and those of services bind the tenant before all else."""
    rows = await connection.fetch(
        "SELECT n.nspname, p.proname, p.prosecdef, p.prosrc, p.provolatile::text, l.lanname,"
        " p.proargnames[1] AS first, EXISTS ("
        "  SELECT FROM unnest(p.proconfig) AS c WHERE c LIKE 'search_path=%') AS is_pathed,"
        " ARRAY(SELECT COALESCE(pg_get_userbyid(NULLIF(a.grantee, 0)), 'PUBLIC')"
        "  FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) a) AS callers"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        f" JOIN pg_language l ON l.oid = p.prolang WHERE {_USER}"
    )
    latch = ENTER.partition("$$")[2].partition("$$")[0]
    found = []
    for row in rows:
        name = f"{row['nspname']}.{row['proname']}"
        if row["prosecdef"]:
            found.append(f"{name} runs as its owner")
        if row["lanname"] != "plpgsql" or row["provolatile"] != "v":
            found.append(f"{name} is not volatile PL/pgSQL: its plan may outlive its tenant")
        if not row["is_pathed"]:
            found.append(f"{name} looks for its tables wherever its caller says")
        found += [f"{caller} may call {name}" for caller in row["callers"]
                  if not caller.startswith(f"{database}_")]  # fmt: skip
        if name == "tenancy.enter":
            found += [] if row["prosrc"] == latch else ["tenancy.enter is not the latch"]
        elif row["nspname"] != "public" or not _binds_first(row["prosrc"], row["first"]):
            found.append(f"{name} does not bind the tenant first")
    if not any(row["nspname"] == "tenancy" and row["proname"] == "enter" for row in rows):
        found.append("tenancy.enter is missing")
    return found


def _binds_first(source: str, argument: str | None) -> bool:
    """Tells whether the body begins with the binding of the first argument."""
    body = source[source.find("BEGIN") + 5 :].split()
    return body[:2] in (["PERFORM", f"tenancy.enter({name});"] for name in ("$1", argument))


async def keys(connection: asyncpg.Connection, database: str) -> list[str]:
    """In tenants' tables the tenant leads every index, and stands in every unique and reference."""
    own = [table.name for table in tables(database) if is_tenants(table)]
    indexes = await connection.fetch(
        "SELECT i.indexrelid::regclass::text AS name, i.indisprimary OR i.indisunique AS is_unique,"
        " COALESCE(a.attname, '(expression)') AS leader FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indrelid"
        " LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE c.relname = ANY($1)",
        own,
    )
    found = [f"{r['name']} leads with {r['leader']}" for r in indexes if r["leader"] != "tenant_id"]
    keyed = await connection.fetchval(
        "SELECT array_agg(c.relname) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
        " WHERE k.contype = 'p' AND c.relname = ANY($1)",
        own,
    )
    return found + [f"{name} has no primary key" for name in set(own) - set(keyed or [])]


async def references(connection: asyncpg.Connection, database: str) -> list[str]:
    """References between tenants' tables carry the tenant (R4); none sets null (R5)."""
    rows = await connection.fetch(
        "SELECT k.conname, k.conrelid::regclass::text AS child,"
        " k.confrelid::regclass::text AS parent,"
        " k.confdeltype::text AS on_delete, k.confupdtype::text AS on_update, EXISTS ("
        "  SELECT FROM unnest(k.conkey, k.confkey) AS p(mine, theirs)"
        "  JOIN pg_attribute m ON m.attrelid = k.conrelid AND m.attnum = p.mine"
        "  JOIN pg_attribute t ON t.attrelid = k.confrelid AND t.attnum = p.theirs"
        "  WHERE m.attname = 'tenant_id' AND t.attname = 'tenant_id') AS carries"
        " FROM pg_constraint k WHERE k.contype = 'f'"
    )
    own = {table.name for table in tables(database) if is_tenants(table)}
    found = [
        f"{r['conname']} leads to {r['parent']} without the tenant"
        for r in rows
        if r["parent"] in own and not (r["carries"] and r["child"] in own)
    ]
    return found + [
        f"{r['conname']} changes its row when another goes or changes"
        for r in rows
        if r["on_delete"] in "nd" or r["on_update"] not in "ar"
    ]


async def tenant_columns(connection: asyncpg.Connection, database: str) -> list[str]:
    """tenant_id is text COLLATE "C", not null in a tenants' table, never filled in by itself."""
    rows = await connection.fetch(
        "SELECT c.relname, a.atttypid::regtype::text AS kind, l.collname, a.attnotnull,"
        " a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '' AS is_filled_in"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " LEFT JOIN pg_collation l ON l.oid = a.attcollation"
        f" WHERE {_USER} AND c.relkind = 'r' AND a.attname = 'tenant_id'"
    )
    own = {table.name for table in tables(database) if is_tenants(table)}
    found = []
    for row in rows:
        if (row["kind"], row["collname"], row["is_filled_in"]) != ("text", "C", False):
            found.append(f"{row['relname']}.tenant_id is not plain text of collation C")
        if row["relname"] in own and not row["attnotnull"]:
            found.append(f"{row['relname']}.tenant_id may be null")
    return found


async def extensions(connection: asyncpg.Connection, database: str) -> list[str]:
    """No extension but the language of the latch: many run as superuser and read anything."""
    rows = await connection.fetch(
        "SELECT extname AS name FROM pg_extension WHERE extname <> 'plpgsql'"
        " UNION ALL SELECT pubname FROM pg_publication UNION ALL SELECT srvname"
        " FROM pg_foreign_server"
    )
    return [f"there is {row['name']}" for row in rows]


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        policies,
        forced,
        shared,
        relations,
        triggers,
        functions,
        keys,
        references,
        tenant_columns,
        extensions,
    )
}
