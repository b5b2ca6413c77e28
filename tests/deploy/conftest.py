"""The cluster of PostgreSQL and Valkey, for tests of what is deployed onto it."""

from tests.cluster import cluster  # noqa: F401 - a fixture
