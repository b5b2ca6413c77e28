"""A platform for the tests of many mutants: `python -m tests.mutants.shared_platform FILE`.

It writes to FILE how to reach it, and prints `ready`. For each line of names on standard input, it
restarts the processes with these names, and prints `ready` once all of them are up.
"""

import asyncio
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from deploy.manifest import SERVICES
from tests.platform import SHARED, running

_READY = "ready\n"


class SharedPlatform:
    """The platform of a copy of the code, as the program that runs the mutants uses it."""

    def __init__(self, tree: Path, environment: Mapping[str, str]) -> None:
        self._tree = tree
        self._environment = environment
        self._changed: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        file = self._tree.parent / "platform"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.shared_platform", str(file)],
            cwd=self._tree,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.settings = {SHARED: str(file)}
        if not self._is_ready():
            raise SystemExit("souk: the platform for the mutants does not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # the end of its input tells it to stop

    def restart_users_of(self, file: str) -> bool:
        """Restarts what loads a changed file, or loaded the one before; False if it fails."""
        before, self._changed = self._changed, _processes_with(file)
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(sorted(before | self._changed)) + "\n")
        self._process.stdin.flush()
        return self._is_ready()

    def _is_ready(self) -> bool:
        assert self._process.stdout is not None
        return self._process.stdout.readline() == _READY


def _processes_with(file: str) -> frozenset[str]:
    """Returns the names of the processes that a file is a part of."""
    top, _, rest = file.partition("/")
    services = {service.name for service in SERVICES}
    own = rest.partition("/")[0].replace("_", "-")
    if top == "services" and own in services:
        return frozenset({own})
    return frozenset({"gateway"} if top == "gateway" else {*services, "gateway"})


async def serve(file: Path) -> None:
    async with running() as platform:
        file.write_bytes(pickle.dumps((platform.settings, platform.topology)))
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.stdout.write(_READY)
        sys.stdout.flush()
        while names := (await asyncio.to_thread(sys.stdin.readline)).split():
            restarts = (platform.restart(name) for name in names)
            # All of them come to an end, so that the next mutant meets none that is starting.
            outcomes = await asyncio.gather(*restarts, return_exceptions=True)
            failed = any(outcome is not None for outcome in outcomes)
            sys.stdout.write("failed\n" if failed else _READY)
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
