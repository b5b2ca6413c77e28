"""Every function of every database, all overloads, called for one tenant beside another's rows."""

import asyncpg
import pytest

from tests.isolation import discovery
from tests.isolation.functions import bytes_of, functions
from tests.isolation.rows import TENANTS, insert, mark

each_direction = pytest.mark.parametrize(
    ("own", "other"), [("paris", "lyon"), ("lyon", "paris")], ids=lambda t: t
)


@pytest.fixture(params=discovery.databases())
async def app(request, cluster, filled):
    """A service's session, and the rows that are there; each tenant's listing is of an offer."""
    database, rows = request.param, filled[request.param]
    async with cluster.session(database) as superuser, cluster.session(database, "app") as session:
        offers = [t for t in rows.tables if discovery.is_shared(t) and "product_id" in t.c]
        for table in offers:
            for tenant in TENANTS:
                listed = {"product_id": rows.of["listing", tenant]["listing_id"]}
                await insert(superuser, table, rows.make(table, tenant, variant=tenant) | listed)
        yield session, rows
        for table in reversed(offers):
            await superuser.execute(
                f"DELETE FROM {table.name} WHERE product_id = ANY ($1)",
                [rows.of["listing", tenant]["listing_id"] for tenant in TENANTS],
            )


def texts_of(rows, tenant):
    """Lists the texts of a tenant's rows: ids, handles and so on, each one once."""
    found = {
        value
        for (_, owner), row in rows.of.items()
        if owner == tenant
        for value in row.values()
        if isinstance(value, str) and value.startswith(mark(tenant))
    }
    return sorted(found)


@each_direction
async def test_a_function_shows_no_row_of_another_tenant(app, own, other):
    connection, rows = app
    theirs, mine = texts_of(rows, other), texts_of(rows, own)
    found, showing = await functions(connection), set()

    for function in found:
        for texts in ((), theirs, mine, *((text,) for text in theirs), *((t,) for t in mine)):
            answer = bytes_of(await function.call(connection, own, *texts))
            assert mark(other).encode() not in answer, f"{function} with {texts}"
            if mark(own).encode() in answer:
                showing.add(function)
    assert showing >= {function for function in found if function.shows_documents}


@each_direction
async def test_a_session_of_one_tenant_calls_no_function_for_another(app, own, other):
    connection, _ = app

    for function in await functions(connection):
        for tenant in (other, "", None):
            async with connection.transaction():
                await connection.execute("SELECT tenancy.enter($1)", own)
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="tenant"):
                    async with connection.transaction():
                        await function.call(connection, tenant)
