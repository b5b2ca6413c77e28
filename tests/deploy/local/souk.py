"""The local runner as a person runs it: a process, judged by what it prints and leaves."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 150.0


def until(true: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds:.0f} s for: {what}"
        time.sleep(0.05)


class Souk:
    """One run of `python -m deploy.local …` with a state and a port of the test's choice."""

    def __init__(self, *arguments: str, state: Path, port: int) -> None:
        self.port = port
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", *arguments],
            env=os.environ | {"SOUK_STATE": str(state), "SOUK_PORT": str(port)},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        self.lines.extend(self._process.stdout)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def says(self, words: str) -> None:
        """Waits for the words."""
        until(lambda: words in self.output or self._process.poll() is not None, words)
        assert words in self.output, self.output

    def exits(self) -> int:
        """Waits for the end; gives the exit code."""
        code = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self._process.stdout
        self._process.stdout.close()
        return code

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> None:
        """Makes sure that it is gone, whatever the test did."""
        if self._process.poll() is None:
            self.signal(signal.SIGTERM)
        self.exits()


def descendants(pid: int) -> dict[int, str]:
    """Finds all processes below one: their command lines by pid."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            facts = _stat(int(folder.name))
            if facts:
                parents[int(folder.name)] = int(facts[1])
    found: set[int] = set()
    level = {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level} - found
        found |= level
    return {child: _command(child) for child in found}


def lives(pid: int, command: str) -> bool:
    """Tells whether that very process still runs; a zombie does not, nor who took its number."""
    facts = _stat(pid)
    return bool(facts) and facts[0] != "Z" and _command(pid) == command


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
