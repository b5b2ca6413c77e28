"""What each module of tests costs in CPU, with all processes that it starts: `pytest -p tests.cpu`.

A module is charged with what happens from the end of the one before to its own end; so the first to
use a shared platform pays for its start.
"""

import os
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

SHOWN = 40
_TICKS = os.sysconf("SC_CLK_TCK")


class Costs:
    """Seconds of CPU by module."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._before = tree_seconds()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        result = yield
        module = item.nodeid.partition("::")[0]
        if nextitem is None or nextitem.nodeid.partition("::")[0] != module:
            now = tree_seconds()
            self.seconds[module] += now - self._before
            self._before = now
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["cpu"] = dict(self.seconds)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        for module, seconds in getattr(node, "workeroutput", {}).get("cpu", {}).items():
            self.seconds[module] += seconds

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        total = sum(self.seconds.values())
        terminalreporter.section(f"CPU: {total:.0f} s in tests, the most in")
        dearest = sorted(self.seconds.items(), key=lambda one: -one[1])
        for module, seconds in dearest[:SHOWN]:
            terminalreporter.line(f"{seconds:7.1f} s  {module}")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Costs())


def tree_seconds() -> float:
    """CPU of this process and all below it so far, those that have ended included."""
    ticks: dict[int, int] = {}
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            facts = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        children[int(facts[1])].append(int(folder.name))
        ticks[int(folder.name)] = sum(map(int, facts[11:15]))
    total, below = 0, [os.getpid()]
    while below:
        process = below.pop()
        total += ticks.get(process, 0)
        below += children[process]
    return total / _TICKS
