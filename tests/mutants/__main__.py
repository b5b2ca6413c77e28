"""Runs the mutants: `make mutants`, or `python -m tests.mutants [WORDS]` for those with the words.

`databases` stands for the mutants of the databases, which have no entries.

In a copy of the code, one mutant at a time: its killers are run and must fail. All killers are run
without any mutant before; one that fails then, and once more, proves nothing, and its mutants count
as broken. Killers that need a whole platform share one, whose processes start again with each
mutant. Ends with 1 when a mutant survives, or is broken.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import snapshots
from tests.mutants.databases import killed_in_databases
from tests.mutants.entries import ROOT, Mutant, entries
from tests.mutants.shared_platform import SharedPlatform

_NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis",
    ".import_linter_cache",
)  # fmt: skip
_TIMEOUT_SECONDS = 3600


@contextmanager
def copied_tree() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="souk-mutants-") as folder:
        tree = Path(folder) / "souk"
        shutil.copytree(ROOT, tree, ignore=_NOT_COPIED)
        Path(folder).chmod(0o711)
        yield tree


def run(tree: Path, tests: list[str], **settings: str) -> tuple[int, str]:
    """Runs tests of the copy; returns pytest's exit code, -1 if it does not end, and its output."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            [*command, *tests], cwd=tree, env=environment_of(tree) | settings, check=False,
            timeout=_TIMEOUT_SECONDS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, f"the tests do not end within {_TIMEOUT_SECONDS} seconds"
    return done.returncode, done.stdout


def environment_of(tree: Path) -> dict[str, str]:
    """Returns the environment for commands that run the copy; they may write bytecode."""
    path = f"{tree}{os.pathsep}{tree / 'protos/gen'}"
    return os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": ""}


def platform_tests(tree: Path, killers: list[str]) -> set[str]:
    """Asks pytest which of the killers use the fixture `platform`."""
    _, plan = run(tree, ["--setup-plan", *killers])
    uses = re.findall(r"^ +(\S+::\S+).* \(fixtures used: .*\bplatform\b.*\)", plan, re.MULTILINE)
    return {name.partition("[")[0] for name in uses}


def killers_of(mutants: list[Mutant]) -> list[str]:
    return sorted({killer for mutant in mutants for killer in mutant.killers})


def failing(killers: list[str], code: int, output: str) -> list[str]:
    """Returns those killers that pytest names as failed; all of them if it did not run them."""
    names = re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
    return [
        killer
        for killer in killers
        if code not in (0, 1)
        or any(
            name == killer or name.startswith(f"{killer}[") or killer.startswith(f"{name}::")
            for name in names
        )
    ]


def failing_twice(tree: Path, killers: list[str], **settings: str) -> set[str]:
    """Runs killers without any mutant, and once more those that fail: a machine may be busy."""
    for _ in range(2):
        if killers:
            code, output = run(tree, ["--continue-on-collection-errors", *killers], **settings)
            killers = failing(killers, code, output)
    if killers:
        print(f"{output}\nsouk: these fail without any mutant:", *killers, sep="\n  ", flush=True)
    return set(killers)


def verdict(code: int, output: str) -> str:
    """Words the result of a mutant's tests; a fixture's error is no proof that a test notices."""
    if code == 0:
        return "SURVIVED"
    return "killed" if code == 1 and re.search(r"^FAILED ", output, re.MULTILINE) else "BROKE"


def line(guard: str, mutant: str, killer: str, result: str, number: str = "") -> str:
    return f"{number:>9}  {result:8}  {guard:44.44}  {mutant:52.52}  {killer}"


def try_mutant(tree: Path, mutant: Mutant, platform: SharedPlatform | None) -> tuple[str, str]:
    """Applies a mutant and runs its killers; returns the verdict and pytest's output."""
    before = mutant.put_into(tree)
    try:
        if platform is not None and not platform.restart_users_of(mutant.file):
            return "BROKE", "the platform does not start"
        # Bytecode is told from its source by the second, and two mutants may share one: what the
        # first run wrote is of the code as it is, and stays.
        settings = {} if platform is None else platform.settings
        with snapshots_without(mutant.file) as own:
            code, output = run(
                tree, ["-x", *mutant.killers], PYTHONDONTWRITEBYTECODE="1", **settings, **own
            )
        return verdict(code, output), output
    finally:
        (tree / mutant.file).write_text(before)


@contextmanager
def snapshots_without(file: str) -> Iterator[dict[str, str]]:
    """Gives the settings of a run whose clusters must not be copies made before a file changed."""
    if "/migrations" not in file and not file.startswith("deploy/"):
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="souk-mutant-") as folder:
        Path(folder).chmod(0o711)
        yield {snapshots.RUN: folder}


Results = Iterator[tuple[Mutant, str, str]]


def results(tree: Path, mutants: list[Mutant], platform: SharedPlatform | None = None) -> Results:
    """Tries mutants one by one; gives the verdict on each and pytest's output."""
    settings = platform.settings if platform else {}
    broken = failing_twice(tree, killers_of(mutants), **settings)
    for mutant in mutants:
        if broken.intersection(mutant.killers):
            yield mutant, "BROKE", "its killer fails without it"
        else:
            yield mutant, *try_mutant(tree, mutant, platform)


def all_results(tree: Path, mutants: list[Mutant]) -> Results:
    """Tries first the mutants that need no platform, then those that share one."""
    on_platform = platform_tests(tree, killers_of(mutants))
    shared = [mutant for mutant in mutants if on_platform.intersection(mutant.killers)]
    yield from results(tree, [mutant for mutant in mutants if mutant not in shared])
    if shared:
        with SharedPlatform(tree, environment_of(tree)) as platform:
            yield from results(tree, shared, platform)


def not_killed_in_code(mutants: list[Mutant]) -> list[str]:
    """Tries mutants, and prints each; returns the lines of those that no test killed."""
    lines: list[str] = []
    with copied_tree() as tree, snapshots.shared():
        for number, (mutant, result, output) in enumerate(all_results(tree, mutants), 1):
            progress = f"{number}/{len(mutants)}"
            printed = line(mutant.guard, mutant.mutant, mutant.killer, result, progress)
            print(printed, flush=True)
            if result != "killed":
                lines.append(printed)
                print(output, flush=True)
    return lines


def not_killed_in_databases() -> tuple[int, list[str]]:
    """Does the same with those of the databases, guard by guard; returns also how many they are."""
    count, lines = 0, []
    for guard, names, killer, alive in asyncio.run(killed_in_databases()):
        result, text = "SURVIVED" if alive else "killed", "; ".join(alive or names[:1])
        more = f" (and {len(names) - 1} more)" if len(names) > 1 and not alive else ""
        print(line(guard, text[: 52 - len(more)] + more, killer, result), flush=True)
        count += len(names)
        lines += [line(guard, name, killer, result) for name in alive]
    return count, lines


def main(words: str) -> None:
    mutants = [mutant for mutant in entries() if mutant.contains(words)]
    count, alive = len(mutants), []
    print(line("guard", "mutant", "killed by", "result"), flush=True)
    if mutants:
        alive += not_killed_in_code(mutants)
    if words in ("", "databases"):
        of_databases, alive_there = not_killed_in_databases()
        count, alive = count + of_databases, alive + alive_there
    print(f"\n{count} mutants, {len(alive)} not killed", *alive, sep="\n")
    raise SystemExit(1 if alive or not count else 0)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
