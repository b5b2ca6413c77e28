from tests.cluster import cluster  # noqa: F401 - a fixture
