"""A platform that stands while mutants come and go: `python -m tests.mutants.standing FILE`.

It writes to FILE how to reach it, and says so. For each line that it reads, it starts the processes
that are named there again, and tells whether all of them are up.
"""

import asyncio
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from deploy.local.state import CannotStart
from deploy.manifest import SERVICES
from tests.platform import STANDING, running

_READY = "ready\n"


class Standing:
    """Such a platform of a copy of the code, as who runs the mutants sees it."""

    def __init__(self, tree: Path, environment: Mapping[str, str]) -> None:
        self._tree = tree
        self._environment = environment
        self._changed: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        at = self._tree.parent / "standing"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.standing", str(at)],
            cwd=self._tree,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.settings = {STANDING: str(at)}
        if not self._is_ready():
            raise SystemExit("souk: the platform for the mutants does not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # the end of its input tells it to stop

    def has_read(self, file: str) -> bool:
        """Starts what reads a changed file, or the one before; tells whether it is up then."""
        before, self._changed = self._changed, _readers(file)
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(sorted(before | self._changed)) + "\n")
        self._process.stdin.flush()
        return self._is_ready()

    def _is_ready(self) -> bool:
        assert self._process.stdout is not None
        return self._process.stdout.readline() == _READY


def _readers(file: str) -> frozenset[str]:
    """Names the processes that a file is a part of."""
    top, _, rest = file.partition("/")
    services = {service.name for service in SERVICES}
    own = rest.partition("/")[0].replace("_", "-")
    if top == "services" and own in services:
        return frozenset({own})
    return frozenset({"gateway"} if top == "gateway" else {*services, "gateway"})


async def stand(at: Path) -> None:
    async with running() as platform:
        at.write_bytes(pickle.dumps((platform.settings, platform.topology)))
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.stdout.write(_READY)
        sys.stdout.flush()
        while names := (await asyncio.to_thread(sys.stdin.readline)).split():
            try:
                await asyncio.gather(*(platform.restart(name) for name in names))
                sys.stdout.write(_READY)
            except CannotStart as error:
                sys.stdout.write(f"{str(error).splitlines()[0]}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(stand(Path(sys.argv[1])))
