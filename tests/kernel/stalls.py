"""A database with a table of the tests' own: one stall of paris and one of lyon."""

from typing import Any, cast

import pytest_asyncio
from souk.catalog_opt_in.v1 import listing_service_pb2
from sqlalchemy import ARRAY, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.kernel.call.scope import Scope, bound
from services.kernel.data.tables import NAMING, Key, TenantOwned
from services.kernel.serving import migrations

DATABASE = "tenant_registry"


METHOD = (
    listing_service_pb2.DESCRIPTOR.services_by_name["ListingService"].full_name + "/CreateListing"
)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Stall(TenantOwned, Base):
    __tablename__ = "stall"
    # There from the start: SQLAlchemy copies tables, and copies share what is there by then.
    __table_args__ = ({"info": {"scope": "tenant"}},)

    stall_id: Mapped[str] = mapped_column(Key, primary_key=True)
    goods: Mapped[list[str]] = mapped_column(ARRAY(Text))


class _Statements:
    """Just enough of Alembic's operations for the helpers of services.kernel.serving.migrations."""

    def __init__(self):
        self.made = []

    def execute(self, statement):
        self.made.append(statement)


def scope(tenant):
    return bound(Scope(tenant, "admins/user_1", frozenset(), request_id="r"), METHOD)


@pytest_asyncio.fixture(scope="module")
async def doors(cluster):
    """A copy of a migrated database with the table `stall` in it, opened as its service would."""
    superuser = await cluster.connect(DATABASE)
    statements = _Statements()
    migrations.isolate(cast(Any, statements), DATABASE, "stall")
    await superuser.execute(
        f'CREATE TABLE stall (tenant_id text COLLATE "C", stall_id text, goods text[],'
        f" PRIMARY KEY (tenant_id, stall_id)); ALTER TABLE stall OWNER TO {DATABASE}_owner;"
        + ";".join(statements.made)
        + ";CREATE FUNCTION stalls(p text) RETURNS SETOF stall LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM tenancy.enter(p); RETURN QUERY SELECT * FROM stall; END $$"
    )
    async with cluster.doors(DATABASE) as opened:
        yield opened
    await superuser.execute("DROP FUNCTION stalls; DROP TABLE stall; DELETE FROM audit_leaf")
    await superuser.close()


@pytest_asyncio.fixture
async def stalls(doors, cluster):
    """One stall of paris and one of lyon, under the same id."""
    superuser = await cluster.connect(DATABASE)
    await superuser.execute("TRUNCATE stall; TRUNCATE audit_leaf")
    await superuser.execute(
        "INSERT INTO stall VALUES ('paris', 'one', '{bread,oil}'), ('lyon', 'one', '{salt}')"
    )
    yield
    await superuser.close()
