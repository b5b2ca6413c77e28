"""What may go wrong with a database as a whole; {t} is one of its tables, to try an attack on."""

from tests.isolation.mutants import Mutant, mutant

_READABLE = "GRANT SELECT ON {t} TO {app}"
_ENTER = (
    "CREATE OR REPLACE FUNCTION tenancy.enter(p text) RETURNS void LANGUAGE plpgsql"
    " SET search_path = pg_catalog AS $$ BEGIN %s END $$"
)
_BIND = "EXECUTE format('SET LOCAL app.tenant_id = %L', p);"
_PAGE = (
    "CREATE FUNCTION page(text) RETURNS void LANGUAGE plpgsql"
    " SET search_path = public, pg_temp AS $$ BEGIN %s; END $$"
)
_NOT_PUBLIC = "REVOKE ALL ON FUNCTION page(text) FROM PUBLIC"

LEAKING = {("{app}", "SUPERUSER"), ("{app}", "BYPASSRLS")}

ROLES: list[Mutant] = [
    mutant(
        "roles",
        f"{role} has {power}",
        f"ALTER ROLE {role} {power}",
        _READABLE,
        killer="roles",
        attack="reads_everything" if (role, power) in LEAKING else "",
    )
    for role in ("{app}", "{platform}", "{owner}")
    for power in ("SUPERUSER", "BYPASSRLS", "INHERIT", "CREATEDB", "CREATEROLE", "REPLICATION")
] + [
    mutant(
        "roles",
        f"the service is a member of {group}",
        f"GRANT {group} TO {{app}}",
        killer="roles",
        attack=attack,
    )
    for group, attack in (
        ("{owner}", "becomes_the_owner"),
        ("{platform}", "becomes_the_platform"),
        ("pg_read_all_data", ""),
        ("pg_write_all_data", ""),
    )
]

SETTINGS: list[Mutant] = [
    mutant(
        "set_config",
        f"set_config for {role}",
        f"GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO {role}",
        killer="set_config",
        attack="sets_the_config",
    )
    for role in ("PUBLIC", "{app}")
] + [
    mutant("settings", f"{who} brings along {setting}", f"ALTER {who} SET {setting}",
           killer="settings")
    for who in ("ROLE {app}", "DATABASE {database}", "ROLE {platform} IN DATABASE {database}")
    for setting in ("app.tenant_id = 'paris'", "row_security = off", "search_path = tenancy")
]  # fmt: skip

LATCH: list[Mutant] = [
    mutant(
        "latch",
        "a tenant may follow another",
        _ENTER % _BIND,
        _READABLE,
        killer="functions",
        attack=attack,
    )
    for attack in ("enters_again", "enters_again_in_a_statement")
] + [
    mutant(
        "latch",
        "no tenant is a tenant",
        _ENTER % f"IF p <> '' THEN {_BIND} END IF;",
        _READABLE,
        killer="functions",
        attack="enters_nothing",
        binds=False,
    ),
    mutant("latch", "it runs as its owner", "ALTER FUNCTION tenancy.enter(text) SECURITY DEFINER",
           killer="functions"),
    mutant("latch", "it is gone", "DROP FUNCTION tenancy.enter(text)", killer="functions"),
    mutant("latch", "everybody may call it",
           "GRANT EXECUTE ON FUNCTION tenancy.enter(text) TO PUBLIC", killer="functions"),
]  # fmt: skip

FUNCTIONS: list[Mutant] = [
    mutant(
        "functions",
        "the tenant in an immutable function",
        "CREATE FUNCTION tenant() RETURNS text LANGUAGE sql IMMUTABLE"
        " AS $$ SELECT current_setting('app.tenant_id', true) $$",
        killer="functions",
    ),
    mutant("functions", "a read that everybody may call", _PAGE % "PERFORM tenancy.enter($1)",
           killer="functions"),
    mutant("functions", "a read that looks where its caller says",
           _PAGE % "PERFORM tenancy.enter($1)", _NOT_PUBLIC,
           "ALTER FUNCTION page(text) RESET ALL", killer="functions"),
    mutant("functions", "a read that binds another", _PAGE % "PERFORM tenancy.enter('paris')",
           _NOT_PUBLIC, killer="functions"),
    mutant("functions", "a read that binds after it has read",
           _PAGE % "PERFORM count(*) FROM {t}; PERFORM tenancy.enter($1)",
           _NOT_PUBLIC, killer="functions"),
    mutant("functions", "a read that binds nobody", _PAGE % "PERFORM count(*) FROM {t}",
           _NOT_PUBLIC, killer="functions"),
]  # fmt: skip

RIGHTS: list[Mutant] = [
    mutant("temp", "temporary tables", "GRANT TEMP ON DATABASE {database} TO {app}", _READABLE,
           killer="wider_grants", attack="makes_a_temporary_table"),
    mutant("schemas", "objects in public", "GRANT CREATE ON SCHEMA public TO {app}",
           killer="wider_grants"),
    mutant("schemas", "objects in tenancy", "GRANT CREATE ON SCHEMA tenancy TO {app}",
           killer="wider_grants"),
    mutant("schemas", "public for PUBLIC", "GRANT USAGE ON SCHEMA public TO PUBLIC",
           killer="wider_grants"),
    mutant("database", "everybody connects", "GRANT CONNECT ON DATABASE {database} TO PUBLIC",
           killer="wider_grants"),
    mutant("database", "one where set_config is not revoked",
           "GRANT CONNECT ON DATABASE postgres TO {app}", killer="wider_grants"),
    mutant("database", "schemas of its own", "GRANT CREATE ON DATABASE {database} TO {app}",
           killer="wider_grants"),
    mutant("database", "another owner", "ALTER DATABASE {database} OWNER TO {app}",
           killer="owners"),
    mutant("defaults", "rights by default",
           "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {app}", killer="wider_grants"),
]  # fmt: skip

OBJECTS: list[Mutant] = [
    mutant("known tables", "one that no model knows", "CREATE TABLE forgotten (id text)",
           killer="relations"),
    mutant("known tables", "a tenant's without walls",
           'CREATE TABLE forgotten (tenant_id text COLLATE "C" PRIMARY KEY)', killer="forced"),
    mutant("shared rows", "a table that does not say so",
           "GRANT SELECT ON alembic_version TO {app}", killer="shared"),
    mutant("known tables", "one that is missing", "DROP TABLE {t} CASCADE", killer="relations"),
    mutant("known tables", "one in another schema", "CREATE TABLE tenancy.forgotten (id text)",
           killer="relations"),
    mutant("known tables", "a sequence", "CREATE SEQUENCE numbers", killer="relations"),
    mutant("known tables", "a partitioned one",
           "CREATE TABLE parted (id text) PARTITION BY LIST (id)", killer="relations"),
    mutant("no publication", "everything is published",
           "CREATE PUBLICATION everything FOR ALL TABLES", killer="extensions"),
]  # fmt: skip

OF_DATABASES = ROLES + SETTINGS + LATCH + FUNCTIONS + RIGHTS + OBJECTS
