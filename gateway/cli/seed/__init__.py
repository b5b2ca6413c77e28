"""The demo data: a master catalogue, three tenants, and what they sell of it.

`seed` brings it in through the HTTP API, as any client would, and makes only what is missing:
seeding twice changes nothing.
"""

from gateway.cli.seed.command import main, seed
from gateway.cli.seed.planting import Counts

__all__ = ["Counts", "main", "seed"]
