from functools import partial

import pytest

from tests.cluster import cluster  # noqa: F401 - a fixture
from tests.isolation import catalog, discovery, privileges
from tests.isolation.catalog import Check
from tests.isolation.rows import Rows


@pytest.fixture(scope="session")
def checks(cluster) -> dict[str, Check]:  # noqa: F811
    """Every check of a database's catalog, by name."""
    grants = partial(privileges.grants, declared=cluster.declared)
    return catalog.CHECKS | privileges.CHECKS | {"grants": grants}


@pytest.fixture(scope="session")
async def filled(cluster) -> dict[str, Rows]:  # noqa: F811
    """Rows of paris and lyon in every table of every database of the cluster, by database."""
    made = {}
    for database in discovery.databases():
        made[database] = Rows(database)
        connection = await cluster.connect(database)
        await made[database].insert(connection)
        await connection.execute("ANALYZE")
        await connection.close()
    return made
