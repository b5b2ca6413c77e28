"""Two tenants' rows in every table, the people of the matrix, and the checks of each database."""

import pytest

from tests.cluster import cluster  # noqa: F401 - a fixture
from tests.isolation import discovery
from tests.isolation.catalog import Check
from tests.isolation.mutant_killers import checks_of, rows_in
from tests.isolation.people import World, settle
from tests.isolation.rows import Rows


@pytest.fixture(scope="session")
def checks(cluster) -> dict[str, Check]:  # noqa: F811
    """Every check of a database's catalog, by name."""
    return checks_of(cluster)


@pytest.fixture(scope="session")
async def filled(cluster) -> dict[str, Rows]:  # noqa: F811
    """Rows of paris and lyon in every table of every database of the cluster, by database."""
    return {database: await rows_in(cluster, database) for database in discovery.databases()}


@pytest.fixture(scope="session")
async def world(platform, http, admin) -> World:
    """The tenants and the people of the matrix, on the running platform."""
    return await settle(platform, http, admin)
