"""Statements nobody thought of, made by chance, in a session bound to one tenant.

Every text of the other tenant's rows carries its mark, so a leak shows in whatever comes back,
error messages included; and its rows are counted and hashed before and after.
"""

import asyncio
from collections.abc import Callable
from functools import cache

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table

from tests.isolation import discovery
from tests.isolation.rows import mark
from tests.isolation.sizes import size

# Hypothesis takes it for ours when anything else in the process, such as a client's back-off, draws
# from `random` while it makes a statement; no strategy here does.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
)
EXAMPLES = size(1_000, 50_000)
OWNED = {
    database: [t for t in discovery.tables(database) if discovery.is_owned(t)]
    for database in discovery.databases()
}
_names = {database: [t.name for t in tables] for database, tables in OWNED.items()}


@cache  # a strategy takes longer to build than to draw from
def _conditions(columns: tuple[str, ...], other: str) -> st.SearchStrategy[str]:
    column = st.sampled_from([f'"{name}"' for name in columns])
    literal = st.sampled_from(
        [
            f"'{other}'",
            "''",
            "NULL",
            "'hq'",
            f"'{mark(other)}%'",
            "current_setting('app.tenant_id')",
        ]
    )
    simple = st.one_of(
        st.builds("{}::text {} {}".format, column, st.sampled_from(["=", "<>", ">", "~"]), literal),
        st.builds("{}::text LIKE {}".format, column, literal),
        st.builds("{} IS DISTINCT FROM NULL".format, column),
        st.just("true"),
        st.just(f"1 / (CASE WHEN tenant_id = '{other}' THEN 0 ELSE 1 END) = 1"),
        st.just(f"CAST(CASE WHEN tenant_id = '{other}' THEN 'x' ELSE '1' END AS int) = 1"),
        st.just("ctid IS NOT NULL"),
    )
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            st.builds("({} OR {})".format, inner, inner),
            st.builds("({} AND {})".format, inner, inner),
            st.builds("NOT ({})".format, inner),
        ),
        max_leaves=4,
    )


@st.composite
def statements(draw: st.DrawFn, among: tuple[Table, ...], other: str) -> str:
    """Makes one statement on one or two tables that have a tenant."""
    tables = st.sampled_from(among)
    table, second = draw(tables), draw(tables)
    t, columns = f'"{table.name}"', tuple(c.name for c in table.c)
    where = draw(_conditions(columns, other))
    column = draw(st.sampled_from(columns))
    listed = ", ".join(f'"{name}"' for name in columns)
    moved = listed.replace('"tenant_id"', f"'{other}'")
    forms = [
        f"SELECT * FROM {t} WHERE {where}",
        f"SELECT * FROM {t} WHERE {where} FOR UPDATE",
        f"SELECT string_agg(\"{column}\"::text, ',') FROM {t} WHERE {where}",
        f'SELECT x::text, y::text FROM {t} x JOIN "{second.name}" y ON x.tenant_id <> y.tenant_id',
        f'SELECT x::text, y::text FROM {t} x FULL JOIN "{second.name}" y'
        " ON x.tenant_id = y.tenant_id",
        f"WITH r AS MATERIALIZED (SELECT * FROM {t}) SELECT * FROM r WHERE {where}",
        f"SELECT {t}.* FROM (SELECT tenancy.enter('{other}') OFFSET 0) e, {t}",
        f'SELECT *, (SELECT count(*) FROM "{second.name}") FROM {t} WHERE {where}',
        f"SELECT * FROM {t} UNION ALL SELECT * FROM {t} WHERE {where}",
        f"SELECT query_to_xml('SELECT * FROM {table.name}', true, false, '')",
        f"SELECT table_to_xml('{table.name}', true, false, '')",
        f"SELECT word FROM ts_stat('SELECT to_tsvector(tenant_id) FROM {table.name}')",
        f"SELECT * FROM {t} TABLESAMPLE SYSTEM (100) WHERE {where}",
        f"SELECT most_common_vals::text FROM pg_stats WHERE tablename = '{table.name}'",
        f"EXPLAIN ANALYZE SELECT * FROM {t} WHERE {where}",
        f'UPDATE {t} SET "{column}" = "{column}" WHERE {where} RETURNING *',
        f"UPDATE {t} SET tenant_id = '{other}' WHERE {where} RETURNING *",
        f"DELETE FROM {t} WHERE {where} RETURNING *",
        f'DELETE FROM {t} x USING "{second.name}" y WHERE x.tenant_id <> y.tenant_id RETURNING *',
        f"INSERT INTO {t} SELECT * FROM {t} WHERE {where} ON CONFLICT DO NOTHING RETURNING *",
        f"INSERT INTO {t} ({listed}) SELECT {moved} FROM {t} RETURNING *",
        f"MERGE INTO {t} x USING \"{second.name}\" y ON x.tenant_id = '{other}'"
        " WHEN MATCHED THEN DELETE",
        f"COPY (SELECT * FROM {t}) TO STDOUT",
        f"LOCK TABLE {t} IN ACCESS EXCLUSIVE MODE",
        f"TRUNCATE {t}",
        f"GRANT SELECT ON {t} TO PUBLIC",
        f"CREATE VIEW stolen AS SELECT * FROM {t}",
        f"ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY",
        f"DECLARE stolen CURSOR WITH HOLD FOR SELECT * FROM {t}",
        "SET LOCAL row_security = off",
        "RESET ROLE",
        f"SELECT set_config('app.tenant_id', '{other}', true)",
        f"UPDATE pg_settings SET setting = '{other}' WHERE name = 'app.tenant_id'",
    ]
    return draw(st.sampled_from(forms))


@pytest.fixture(scope="module")
async def sessions(cluster, filled):
    """Connections to a copy of each database, whose rows may come and go."""
    made = {}
    for database in discovery.databases():
        copy, admin = f"fuzz_{database}", await cluster.connect("postgres")
        await admin.execute(f"CREATE DATABASE {copy} TEMPLATE {database}")
        await admin.execute(f"REVOKE ALL ON DATABASE {copy} FROM PUBLIC")
        await admin.execute(f"GRANT CONNECT ON DATABASE {copy} TO {database}_app")
        await admin.close()
        made[database] = (
            await cluster.connect(database, "app", to=copy),
            await cluster.connect(copy),
        )
    yield made
    for app, superuser in made.values():
        await app.close()
        await superuser.close()


async def everything_of(superuser: asyncpg.Connection, database: str, tenant: str) -> list[str]:
    """Hashes all rows of a tenant, table by table."""
    return [
        await superuser.fetchval(
            f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM \"{name}\" t"
            " WHERE tenant_id = $1",
            tenant,
        )
        for name in _names[database]
    ]


async def outcome(app: asyncpg.Connection, own: str, batch: list[str], *, is_kept: bool) -> str:
    """Executes statements in one transaction of a tenant, and gives all that came back."""
    seen = []
    transaction = app.transaction()
    await transaction.start()
    await app.execute("SELECT tenancy.enter($1)", own)
    for sql in batch:
        try:
            async with app.transaction():
                seen += [str(row) for row in await app.fetch(sql, timeout=5)]
        except (asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            seen.append(str(error))
    await (transaction.commit() if is_kept else transaction.rollback())
    return "\n".join(seen)


async def leaks(
    sessions,
    rows,
    database: str,
    own: str,
    other: str,
    count: Callable[[str, int], None],
    *,
    among: tuple[Table, ...] = (),
) -> list[tuple[str, str]]:
    """Makes up statements, counts them, and tells which showed what is the other's.

    They are on all tables, or on those `among` which to choose.
    """
    tables = among or tuple(OWNED[database])
    app, superuser = sessions[database]
    loop, found, shown_own = asyncio.get_running_loop(), [], []
    made = 0

    async def attack(batch: list[str], *, is_kept: bool) -> str:
        answer = await outcome(app, own, batch, is_kept=is_kept)
        if is_kept:
            await rows.insert(superuser, only=own)
        return answer

    @settings(
        max_examples=EXAMPLES // (2 * len(OWNED)),
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(statements(tables, other), min_size=1, max_size=3), st.booleans())
    def fuzz(batch: list[str], is_kept: bool) -> None:
        nonlocal made
        made += len(batch)
        asking = attack(batch, is_kept=is_kept)
        answer = asyncio.run_coroutine_threadsafe(asking, loop).result()
        text = answer.replace(f"'{mark(other)}%'", "")  # an error may quote the statement itself
        shown_own.append(mark(own) in text)
        if mark(other) in text:
            found.append(("; ".join(batch), text))

    await asyncio.to_thread(fuzz)
    count("statements", made)
    assert any(shown_own), "no statement showed even the tenant's own rows"
    return found


@pytest.mark.parametrize("database", discovery.databases())
@pytest.mark.parametrize(("own", "other"), [("paris", "lyon"), ("lyon", "paris")])
async def test_no_statement_shows_or_changes_another_tenants_rows(
    sessions, filled, database, own, other, record_property
):
    superuser = sessions[database][1]
    before = await everything_of(superuser, database, other)

    found = await leaks(sessions, filled[database], database, own, other, record_property)
    assert found == []
    assert await everything_of(superuser, database, other) == before


@pytest.mark.parametrize("database", discovery.databases())
async def test_a_hole_in_one_policy_is_found(sessions, filled, cluster, database, record_property):
    superuser = sessions[database][1]
    table = next(
        table
        for table, granted in cluster.declared[database].items()
        if "SELECT" in granted.get(f"{database}_app", ()) and table in _names[database]
    )
    await superuser.execute(f'CREATE POLICY hole ON "{table}" FOR SELECT USING (true)')
    # With many tables, chance would seldom come to the one that has the hole.
    few = tuple(sorted(OWNED[database], key=lambda one: one.name != table))[:3]

    found = await leaks(
        sessions, filled[database], database, "paris", "lyon", record_property, among=few
    )

    await superuser.execute(f'DROP POLICY hole ON "{table}"')
    assert found
    assert all(table in statement for statement, _ in found)
