"""The steps that an earlier start has completed and this one skips: most of a start is imports."""

import hashlib
from pathlib import Path

import asyncpg

from deploy.local.topology import ROOT
from deploy.manifest import Service

_SEED = ROOT / "gateway" / "cli" / "seed"


async def is_migrated(admin_url: str, service: Service) -> bool:
    """Returns whether the service's database is at its newest migration; False if in doubt."""
    versions = ROOT / service.module.replace(".", "/") / "migrations" / "versions"
    newest = max(path.name.partition("_")[0] for path in versions.glob("[0-9]*.py"))
    connection = await asyncpg.connect(admin_url, database=service.database)
    try:
        return bool(await connection.fetchval("SELECT version_num FROM alembic_version") == newest)
    except asyncpg.PostgresError:
        return False
    finally:
        await connection.close()


class Seeding:
    """Remembers which demo data was added to a state folder.

    It is not added again, or data that somebody removed would come back with each start.
    """

    def __init__(self, state: Path) -> None:
        self._mark = state / "seeded"

    def is_done(self) -> bool:
        return self._mark.exists() and self._mark.read_text() == _fingerprint()

    def remember(self) -> None:
        self._mark.write_text(_fingerprint())


def _fingerprint() -> str:
    files = sorted(_SEED.rglob("*.toml"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
