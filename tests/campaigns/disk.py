"""A file system of PostgreSQL's own, which can be filled; it takes root to mount one."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from tests.faults.injections import descendants, wait_until_ended
from tests.faults.matrix import Injection, Testbed

_SIZE = "600m"
_PIECE = b"\0" * 4096


class CannotMount(Exception):
    """The words say why not."""


@contextmanager
def small() -> Iterator[Path]:
    """Mounts a small file system in memory.

    Raises:
        CannotMount: it cannot be had here.
    """
    place = Path(tempfile.mkdtemp(prefix="souk-disk-"))
    try:
        command = ("/bin/mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "souk", str(place))
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            message = getattr(error, "stderr", None) or str(error)
            raise CannotMount(message.strip()) from None
        try:
            yield place
        finally:
            subprocess.run(("/bin/umount", str(place)), check=True)
    finally:
        place.rmdir()


async def move_postgres(testbed: Testbed, place: Path) -> None:
    """Puts PostgreSQL's data there, and a link to it where they were."""
    platform = testbed.platform
    data = platform.state.folder / "postgres" / "data"
    family = descendants(platform.pid("postgres"))
    await platform.kill("postgres")
    await wait_until_ended(family)
    await asyncio.to_thread(_move, data, place / "data")
    await platform.start("postgres")
    await testbed.recovered()


def _move(data: Path, there: Path) -> None:
    subprocess.run(("/bin/cp", "-a", str(data), str(there)), check=True)
    shutil.rmtree(data)
    data.symlink_to(there)


def full(place: Path) -> Injection:
    """Not one more block can be written there; a server that ended of it is started again."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        filler, platform = place / "filler", testbed.platform
        try:
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while file.write(_PIECE):
                    pass
            yield
        finally:
            filler.unlink()
            if not platform.runs("postgres"):
                await platform.start("postgres")

    return inject
