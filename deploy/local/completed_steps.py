"""The steps that an earlier start has completed and this one skips: most of a start is imports."""

import hashlib
from pathlib import Path

import asyncpg

from deploy.local.topology import ROOT
from deploy.manifest import Service
from services.kernel.serving import migration_state

_SEED = ROOT / "gateway" / "cli" / "seed"


async def is_migrated(admin_url: str, service: Service) -> bool:
    """Returns whether the service's database is at its newest migration; False if in doubt."""
    newest = migration_state.newest(ROOT / service.module.replace(".", "/") / "migrations")
    connection = await asyncpg.connect(admin_url, database=service.database)
    try:
        return bool(await connection.fetchval(migration_state.STATEMENT) == newest)
    finally:
        await connection.close()


class Mark:
    """Remembers beside a cluster that a step was done to it.

    `source` is what the step was made from: if that has changed, the step is to be done again.
    """

    def __init__(self, cluster: Path, step: str, *, source: str) -> None:
        self._file = cluster / f"{step}.done"
        self._source = source

    def is_set(self) -> bool:
        return self._file.exists() and self._file.read_text() == self._source

    def set(self) -> None:
        self._file.write_text(self._source)


def seed_source() -> str:
    """Returns a fingerprint of the demo data.

    It is not added twice, or data that somebody removed would come back with each start.
    """
    files = sorted(_SEED.rglob("*.toml"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
