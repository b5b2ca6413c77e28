"""Walls with one stone missing; each mutant names the guard that is gone and who must notice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Table, Text

from services.kernel.migrations import TENANT
from tests.isolation.discovery import is_append_only, is_owned, is_tenants, tables
from tests.isolation.rows import allowed

ANYBODY = f"({TENANT} OR true)"


@dataclass(frozen=True)
class Mutant:
    """`killer` is a check of the catalog, `attack` an attack on `table` that must get through."""

    guard: str
    name: str
    sql: tuple[str, ...]
    killer: str = ""
    attack: str = ""
    table: Table | None = None
    role: str = "app"
    binds: bool = True


def every_mutant(database: str) -> list[Mutant]:
    found = list(_of_database(database))
    for table in filter(is_owned, tables(database)):
        found += _of_table(database, table)
        if is_tenants(table):
            found += _of_keys(database, table)
            for key in table.foreign_key_constraints:
                found += _of_reference(database, table, key)
    return found


def _of_table(database: str, table: Table) -> Iterator[Mutant]:
    t, app = f'"{table.name}"', f"{database}_app"
    isolation, door = "tenant_isolation", "platform_door"
    if is_append_only(table):
        isolation, door = "tenant_isolation_read", "platform_door_read"
    readable = f"GRANT SELECT ON {t} TO {app}"

    def policy(name: str, rest: str) -> str:
        return f"CREATE POLICY {name} ON {t} {rest}"

    def mutant(guard: str, name: str, *sql: str, killer: str, **more: Any) -> Mutant:
        return Mutant(guard, f"{table.name}: {name}", sql, killer, table=table, **more)

    yield mutant("policy", "isolation dropped", f"DROP POLICY {isolation} ON {t}",
                 killer="policies")  # fmt: skip
    yield mutant("policy", "door dropped", f"DROP POLICY {door} ON {t}", killer="policies")
    yield mutant(
        "FORCE",
        "owner not bound",
        f"ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY",
        killer="forced",
        attack="reads_everything",
        role="owner",
    )
    yield mutant(
        "ENABLE",
        "no row security",
        f"ALTER TABLE {t} DISABLE ROW LEVEL SECURITY",
        readable,
        killer="forced",
        attack="reads_everything",
    )
    yield mutant(
        "policy",
        "another one to read",
        policy("extra", f"FOR SELECT TO {app} USING (true)"),
        readable,
        killer="policies",
        attack="reads_by_key",
    )
    yield mutant(
        "policy",
        "another one to delete",
        policy("extra", f"FOR DELETE TO {app} USING (true)"),
        killer="policies",
    )
    yield mutant(
        "policy",
        "another one for everybody",
        policy("extra", "USING (true) WITH CHECK (true)"),
        readable,
        killer="policies",
        attack="reads_everything",
    )
    yield mutant(
        "policy",
        "a restrictive one, which Citus makes permissive",
        policy("extra", f"AS RESTRICTIVE TO {app} USING (true)"),
        killer="policies",
    )
    yield mutant(
        "policy",
        "HQ's rows for all",
        f"ALTER POLICY {isolation} ON {t} USING ({TENANT} OR tenant_id = 'hq')",
        killer="policies",
    )
    yield mutant(
        "policy",
        "open when unbound",
        f"ALTER POLICY {isolation} ON {t} USING ({TENANT} OR"
        " NULLIF(current_setting('app.tenant_id', true), '') IS NULL)",
        readable,
        killer="policies",
        attack="reads_unbound",
        binds=False,
    )
    yield mutant(
        "policy",
        "without NULLIF",
        f"ALTER POLICY {isolation} ON {t}"
        " USING (tenant_id = current_setting('app.tenant_id', true))",
        killer="policies",
    )
    yield mutant(
        "policy", "for PUBLIC", f"ALTER POLICY {isolation} ON {t} TO PUBLIC", killer="policies"
    )
    if not is_append_only(table):
        yield mutant(
            "WITH CHECK",
            "any row may be written",
            f"ALTER POLICY {isolation} ON {t} WITH CHECK (true)",
            f"GRANT INSERT ON {t} TO {app}",
            killer="policies",
            attack="inserts_for_the_other",
        )
    yield mutant("grants", "TRUNCATE", f"GRANT TRUNCATE ON {t} TO {app}", killer="grants")
    yield mutant("grants", "for PUBLIC", f"GRANT SELECT ON {t} TO PUBLIC", killer="grants")
    yield mutant("grants", "REFERENCES", f"GRANT REFERENCES ON {t} TO {app}", killer="grants")
    yield mutant("grants", "TRIGGER", f"GRANT TRIGGER ON {t} TO {app}", killer="grants")
    yield mutant(
        "grants", "on one column", f"GRANT SELECT (tenant_id) ON {t} TO {app}",
        killer="column_grants",
    )  # fmt: skip
    yield mutant("owner", "the service owns it", f"ALTER TABLE {t} OWNER TO {app}", killer="owners")
    yield mutant(
        "no views",
        "a view of the owner's",
        f"CREATE VIEW around AS SELECT * FROM {t}",
        killer="relations",
    )
    yield mutant(
        "no views",
        "a materialised view",
        f"CREATE MATERIALIZED VIEW around AS SELECT * FROM {t}",
        killer="relations",
    )
    yield mutant(
        "no SECURITY DEFINER",
        "a function of a superuser",
        "CREATE FUNCTION around() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        f" AS $$ SELECT count(*) FROM {t} $$",
        killer="functions",
    )
    yield mutant(
        "no triggers",
        "a trigger",
        "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        f"CREATE TRIGGER act BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION act()",
        killer="triggers",
    )
    yield mutant(
        "no inheritance", "a child table", f"CREATE TABLE child () INHERITS ({t})",
        killer="relations",
    )  # fmt: skip
    yield mutant(
        "tenant_id",
        "filled in by itself",
        f"ALTER TABLE {t} ALTER tenant_id SET DEFAULT 'hq'",
        killer="tenant_columns",
    )
    wider = "UPDATE, DELETE" if is_append_only(table) else "SELECT, INSERT, UPDATE, DELETE"
    yield mutant(
        "grants",
        "all that the service was not given",
        f"GRANT {wider} ON {t} TO {app} WITH GRANT OPTION",
        killer="grants",
    )


def _of_keys(database: str, table: Table) -> Iterator[Mutant]:
    t = f'"{table.name}"'
    insertable = f"GRANT SELECT, INSERT, DELETE ON {t} TO {database}_app"
    rest = [f'"{c.name}"' for c in table.primary_key if c.name != "tenant_id"]
    if rest:
        yield Mutant(
            "tenant in the primary key",
            f"{table.name}: primary key across tenants",
            (
                f"ALTER TABLE {t} DROP CONSTRAINT {table.primary_key.name or f'pk_{table.name}'}"
                " CASCADE",
                f"ALTER TABLE {t} ADD PRIMARY KEY ({', '.join(rest)})",
            ),
            killer="keys",
            table=table,
        )
        yield Mutant(
            "tenant first",
            f"{table.name}: primary key with the tenant last",
            (
                f"ALTER TABLE {t} DROP CONSTRAINT pk_{table.name} CASCADE",
                f"ALTER TABLE {t} ADD PRIMARY KEY ({', '.join(rest)}, tenant_id)",
            ),
            killer="keys",
            table=table,
        )
    texts = [c.name for c in table.c if _is_free_text(table, c)]
    if texts:
        yield Mutant(
            "tenant in every unique",
            f"{table.name}: {texts[-1]} unique across tenants",
            (f'CREATE UNIQUE INDEX across ON {t} ("{texts[-1]}")', insertable),
            killer="keys",
            attack="finds_a_taken_key",
            table=table,
        )
        yield Mutant(
            "tenant first in every index",
            f"{table.name}: index on {texts[0]}",
            (f'CREATE INDEX across ON {t} ("{texts[0]}")',),
            killer="keys",
            table=table,
        )


def _is_free_text(table: Table, column: Column[Any]) -> bool:
    is_text = isinstance(column.type, Text) and column.name != "tenant_id"
    return is_text and not column.foreign_keys and not allowed(table, column.name)


def _of_reference(database: str, table: Table, key: ForeignKeyConstraint) -> Iterator[Mutant]:
    if not is_tenants(key.referred_table):
        return
    child, parent = f'"{table.name}"', f'"{key.referred_table.name}"'
    pairs = [(e.parent.name, e.column.name) for e in key.elements if e.column.name != "tenant_id"]
    mine, theirs = (", ".join(f'"{name}"' for name in side) for side in zip(*pairs, strict=True))
    yield Mutant(
        "tenant in every reference",
        f"{table.name}: reference to {key.referred_table.name} by id alone",
        (
            f"CREATE UNIQUE INDEX by_id ON {parent} ({theirs})",
            f"ALTER TABLE {parent} ADD CONSTRAINT by_id UNIQUE USING INDEX by_id",
            f"ALTER TABLE {child} DROP CONSTRAINT {key.name}",
            f"ALTER TABLE {child} ADD CONSTRAINT by_id FOREIGN KEY ({mine})"
            f" REFERENCES {parent} ({theirs}) ON DELETE CASCADE",
            f"GRANT INSERT ON {child} TO {database}_app",
        ),
        killer="references",
        attack="finds_a_row_to_refer_to" if _refers_once(table) else "",
        table=table,
    )
    yield Mutant(
        "no SET NULL",
        f"{table.name}: reference to {key.referred_table.name} set null",
        (
            f"ALTER TABLE {child} DROP CONSTRAINT {key.name}",
            f"ALTER TABLE {child} ADD CONSTRAINT {key.name} FOREIGN KEY (tenant_id, {mine})"
            f" REFERENCES {parent} (tenant_id, {theirs}) ON DELETE SET NULL",
        ),
        killer="references",
        table=table,
    )


def _refers_once(table: Table) -> bool:
    return len([k for k in table.foreign_key_constraints if is_tenants(k.referred_table)]) == 1


def _of_database(database: str) -> Iterator[Mutant]:
    app, owner = f"{database}_app", f"{database}_owner"
    some = next(table for table in tables(database) if is_owned(table))
    readable = f"GRANT SELECT ON {some.name} TO {app}"
    for role in (app, f"{database}_platform", owner):
        for power in ("SUPERUSER", "BYPASSRLS", "INHERIT", "CREATEDB", "CREATEROLE", "REPLICATION"):
            attacked = role == app and power in ("SUPERUSER", "BYPASSRLS")
            yield Mutant(
                "roles",
                f"{role} has {power}",
                (f"ALTER ROLE {role} {power}", readable),
                killer="roles",
                attack="reads_everything" if attacked else "",
                table=some,
            )
    for group in (owner, f"{database}_platform", "pg_read_all_data"):
        yield Mutant(
            "roles",
            f"{app} is a member of {group}",
            (f"GRANT {group} TO {app}",),
            killer="roles",
            attack={owner: "becomes_the_owner", f"{database}_platform": "becomes_the_platform"}.get(
                group, ""
            ),
            table=some,
        )
    function = "pg_catalog.set_config(text, text, boolean)"
    for role in ("PUBLIC", app):
        yield Mutant(
            "set_config",
            f"set_config for {role}",
            (f"GRANT EXECUTE ON FUNCTION {function} TO {role}",),
            killer="set_config",
            attack="sets_the_config",
            table=some,
        )
    body = "BEGIN EXECUTE format('SET LOCAL app.tenant_id = %L', p); END"
    enter = (
        "CREATE OR REPLACE FUNCTION tenancy.enter(p text) RETURNS void LANGUAGE plpgsql"
        " SET search_path = pg_catalog"
    )
    for attack in ("enters_again", "enters_again_after_a_savepoint"):
        yield Mutant(
            "latch",
            f"the latch does not hold ({attack})",
            (f"{enter} AS $$ {body} $$", readable),
            killer="functions",
            attack=attack if attack == "enters_again" else "",
            table=some,
        )
    yield Mutant(
        "latch",
        "no tenant is a tenant",
        (f"{enter} AS $$ BEGIN IF p <> '' THEN {body[6:-4]} END IF; END $$", readable),
        killer="functions",
        attack="enters_nothing",
        table=some,
        binds=False,
    )
    yield Mutant("latch", "enter runs as its owner",
                 ("ALTER FUNCTION tenancy.enter(text) SECURITY DEFINER",), "functions")  # fmt: skip
    yield Mutant("latch", "enter is gone", ("DROP FUNCTION tenancy.enter(text)",), "functions")
    yield Mutant(
        "functions",
        "the tenant in an immutable function",
        (
            "CREATE FUNCTION tenant() RETURNS text LANGUAGE sql IMMUTABLE"
            " AS $$ SELECT current_setting('app.tenant_id', true) $$",
        ),
        killer="functions",
    )
    for wrong, body in {
        "binds another": "PERFORM tenancy.enter('paris')",
        "binds after it has read": f"PERFORM count(*) FROM {some.name}; PERFORM tenancy.enter($1)",
        "binds nobody": f"PERFORM count(*) FROM {some.name}",
    }.items():
        yield Mutant(
            "functions",
            f"a read that {wrong}",
            (
                "CREATE FUNCTION page(text) RETURNS void LANGUAGE plpgsql"
                f" SET search_path = public, pg_temp AS $$ BEGIN {body}; END $$",
                "REVOKE ALL ON FUNCTION page(text) FROM PUBLIC",
            ),
            killer="functions",
        )
    yield Mutant(
        "functions",
        "a read that everybody may call",
        (
            "CREATE FUNCTION page(text) RETURNS void LANGUAGE plpgsql"
            " SET search_path = public, pg_temp AS $$ BEGIN PERFORM tenancy.enter($1); END $$",
        ),
        killer="functions",
    )
    yield Mutant(
        "temp",
        "temporary tables",
        (f"GRANT TEMP ON DATABASE {database} TO {app}", readable),
        killer="wider_grants",
        attack="makes_a_temporary_table",
        table=some,
    )
    yield Mutant("schemas", "objects in public", (f"GRANT CREATE ON SCHEMA public TO {app}",),
                 "wider_grants")  # fmt: skip
    yield Mutant("schemas", "objects in tenancy", (f"GRANT CREATE ON SCHEMA tenancy TO {app}",),
                 "wider_grants")  # fmt: skip
    yield Mutant("schemas", "public for PUBLIC", ("GRANT USAGE ON SCHEMA public TO PUBLIC",),
                 "wider_grants")  # fmt: skip
    yield Mutant("database", "everybody connects",
                 (f"GRANT CONNECT ON DATABASE {database} TO PUBLIC",), "wider_grants")  # fmt: skip
    yield Mutant("database", "another owner", (f"ALTER DATABASE {database} OWNER TO {app}",),
                 "owners")  # fmt: skip
    yield Mutant("defaults", "rights by default",
                 (f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {app}",),
                 "wider_grants")  # fmt: skip
    for setting in ("app.tenant_id = 'paris'", "row_security = off", "search_path = tenancy"):
        yield Mutant("settings", f"{app} brings along {setting}",
                     (f"ALTER ROLE {app} SET {setting}",), "settings")  # fmt: skip
    yield Mutant("settings", "the database binds a tenant",
                 (f"ALTER DATABASE {database} SET app.tenant_id = 'paris'",),
                 "settings")  # fmt: skip
    yield Mutant("known tables", "a table that no model knows",
                 ("CREATE TABLE forgotten (id text)",), "relations")  # fmt: skip
    yield Mutant("known tables", "a tenant's table without walls",
                 ("CREATE TABLE forgotten (tenant_id text COLLATE \"C\" PRIMARY KEY)",),
                 "forced")  # fmt: skip
    yield Mutant("known tables", "a table in another schema",
                 ("CREATE TABLE tenancy.forgotten (id text)",), "relations")  # fmt: skip
    yield Mutant("known tables", "a sequence", ("CREATE SEQUENCE numbers",), "relations")
    yield Mutant("known tables", "a partitioned table",
                 ("CREATE TABLE parted (id text) PARTITION BY LIST (id)",),
                 "relations")  # fmt: skip
    yield Mutant("no publication", "everything is published",
                 ("CREATE PUBLICATION everything FOR ALL TABLES",), "extensions")  # fmt: skip
