"""The demo data: a master catalogue, three tenants, and their opt-ins.

`seed` adds it through the HTTP API like any client, and creates only what is missing: seeding
twice changes nothing.
"""

from gateway.cli.seed.command import main, seed
from gateway.cli.seed.counts import Counts

__all__ = ["Counts", "main", "seed"]
