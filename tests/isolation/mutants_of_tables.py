"""What may go wrong with one table."""

from tests.isolation.mutants import Mutant, mutant

_READABLE = "GRANT SELECT ON {t} TO {app}"

POLICIES: list[Mutant] = [
    mutant("policy", "isolation dropped", "DROP POLICY {isolation} ON {t}", killer="policies"),
    mutant("policy", "door dropped", "DROP POLICY {door} ON {t}", killer="policies"),
    mutant(
        "policy",
        "another one to read",
        "CREATE POLICY extra ON {t} FOR SELECT TO {app} USING (true)",
        _READABLE,
        killer="policies",
        attack="reads_by_key",
    ),
    mutant(
        "policy",
        "another one to delete",
        "CREATE POLICY extra ON {t} FOR DELETE TO {app} USING (true)",
        killer="policies",
    ),
    mutant(
        "policy",
        "another one for everybody",
        "CREATE POLICY extra ON {t} USING (true) WITH CHECK (true)",
        _READABLE,
        killer="policies",
        attack="reads_everything",
    ),
    mutant(
        "policy",
        "a restrictive one, which Citus makes permissive",
        "CREATE POLICY extra ON {t} AS RESTRICTIVE TO {app} USING (true)",
        killer="policies",
    ),
    mutant(
        "policy",
        "the head office's rows for all",
        "ALTER POLICY {isolation} ON {t} USING ({tenant} OR tenant_id = 'hq')",
        killer="policies",
    ),
    mutant(
        "policy",
        "open when unbound",
        "ALTER POLICY {isolation} ON {t} USING ({tenant}"
        " OR NULLIF(current_setting('app.tenant_id', true), '') IS NULL)",
        _READABLE,
        killer="policies",
        attack="reads_unbound",
        binds=False,
    ),
    mutant(
        "policy",
        "without NULLIF",
        "ALTER POLICY {isolation} ON {t}"
        " USING (tenant_id = current_setting('app.tenant_id', true))",
        killer="policies",
    ),
    mutant("policy", "for PUBLIC", "ALTER POLICY {isolation} ON {t} TO PUBLIC", killer="policies"),
    mutant(
        "WITH CHECK",
        "any row may be written",
        "ALTER POLICY {isolation} ON {t} WITH CHECK (true)",
        "GRANT INSERT ON {t} TO {app}",
        killer="policies",
        attack="inserts_for_the_other",
    ),
    mutant(
        "FORCE",
        "owner not bound",
        "ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY",
        killer="forced",
        attack="reads_everything",
        role="owner",
    ),
    mutant(
        "ENABLE",
        "no row security",
        "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY",
        _READABLE,
        killer="forced",
        attack="reads_everything",
    ),
]

GRANTS: list[Mutant] = [
    mutant(
        "grants",
        "TRUNCATE",
        "GRANT TRUNCATE ON {t} TO {app}",
        killer="grants",
    ),
    mutant("grants", "for PUBLIC", "GRANT SELECT ON {t} TO PUBLIC", killer="grants"),
    mutant("grants", "REFERENCES", "GRANT REFERENCES ON {t} TO {app}", killer="grants"),
    mutant("grants", "TRIGGER", "GRANT TRIGGER ON {t} TO {app}", killer="grants"),
    mutant("grants", "to hand on", "GRANT SELECT ON {t} TO {app} WITH GRANT OPTION",
           killer="grants"),
    mutant("grants", "all", "GRANT ALL ON {t} TO {app}", killer="grants"),
    mutant("grants", "one taken away", "REVOKE INSERT ON {t} FROM {app}, {platform}",
           "REVOKE SELECT ON {t} FROM {app}, {platform}", killer="grants"),
    mutant("grants", "one column", "GRANT SELECT (tenant_id) ON {t} TO {app}",
           killer="column_grants"),
    mutant("owner", "the service owns it", "ALTER TABLE {t} OWNER TO {app}", killer="owners"),
]  # fmt: skip

OBJECTS: list[Mutant] = [
    mutant("no views", "a view", "CREATE VIEW around AS SELECT * FROM {t}", killer="relations"),
    mutant(
        "no views",
        "a materialised view",
        "CREATE MATERIALIZED VIEW around AS SELECT * FROM {t}",
        killer="relations",
    ),
    mutant(
        "no SECURITY DEFINER",
        "a function of a superuser",
        "CREATE FUNCTION around() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " AS $$ SELECT count(*) FROM {t} $$",
        killer="functions",
    ),
    mutant(
        "no triggers",
        "a trigger",
        "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "CREATE TRIGGER act BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION act()",
        killer="triggers",
    ),
    mutant(
        "no rules",
        "a rule",
        "CREATE RULE act AS ON INSERT TO {t} DO INSTEAD NOTHING",
        killer="triggers",
    ),
    mutant(
        "no inheritance", "a child table", "CREATE TABLE child () INHERITS ({t})",
        killer="relations",
    ),
    mutant(
        "tenant_id",
        "filled in by itself",
        "ALTER TABLE {t} ALTER tenant_id SET DEFAULT 'hq'",
        killer="tenant_columns",
    ),
]  # fmt: skip

OF_SHARED: list[Mutant] = [
    mutant(
        "shared rows",
        "open when unbound",
        "ALTER POLICY bound_tenants ON {t} USING (true)",
        killer="policies",
        attack="reads_unbound",
        binds=False,
    ),
    mutant(
        "shared rows",
        "no row security",
        "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY",
        killer="shared",
        attack="reads_unbound",
        binds=False,
    ),
]

OF_TABLES = POLICIES + GRANTS + OBJECTS
