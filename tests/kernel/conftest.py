"""The cluster, and the stalls that the kernel's tests read and write."""

from tests.cluster import cluster  # noqa: F401 - a fixture
from tests.kernel.stalls import doors, stalls  # noqa: F401 - fixtures
