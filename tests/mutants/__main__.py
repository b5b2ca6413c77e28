"""Runs the mutants: `make mutants`, or `python -m tests.mutants [WORDS]` for those with the words.

`databases` stands for the mutants of the databases, which have no entries.

In a copy of the code, one mutant at a time: its killers are run and must fail. All killers are run
once without any mutant before, and must pass. Killers that need a whole platform share one, whose
processes start again with each mutant. Ends with 1 when a mutant survives.
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

from tests.mutants.databases import killed_in_databases
from tests.mutants.entries import ROOT, Mutant, entries
from tests.mutants.standing import Standing

_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis",
    ".import_linter_cache",
)  # fmt: skip
_SECONDS = 1800


@contextmanager
def a_copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="souk-mutants-") as folder:
        tree = Path(folder) / "souk"
        shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
        Path(folder).chmod(0o711)
        yield tree


def run(tree: Path, tests: list[str], **settings: str) -> tuple[int, str]:
    """Runs tests of the copy; gives pytest's exit code and what it printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *tests], cwd=tree, env=of(tree) | settings, timeout=_SECONDS, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout


def of(tree: Path) -> dict[str, str]:
    """Makes the environment of what runs from the copy; it may write bytecode."""
    path = f"{tree}{os.pathsep}{tree / 'protos/gen'}"
    return os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": ""}


def who_need_a_platform(tree: Path, killers: list[str]) -> set[str]:
    """Asks pytest which of the killers use the fixture."""
    _, plan = run(tree, ["--setup-plan", *killers])
    uses = re.findall(r"^ +(\S+::\S+).* \(fixtures used: .*\bplatform\b.*\)", plan, re.MULTILINE)
    return {name.partition("[")[0] for name in uses}


def killers_of(chosen: list[Mutant]) -> list[str]:
    return sorted({killer for one in chosen for killer in one.killers})


def verdict(code: int, output: str) -> str:
    """Tells how a mutant ended; an error of a fixture is no proof that a test notices."""
    if code == 0:
        return "SURVIVED"
    return "killed" if code == 1 and re.search(r"^FAILED ", output, re.MULTILINE) else "BROKE"


def line(guard: str, mutant: str, killer: str, end: str) -> str:
    return f"{end:8}  {guard:44.44}  {mutant:52.52}  {killer}"


def ended(tree: Path, one: Mutant, standing: Standing | None) -> tuple[str, str]:
    """Makes a mutant and runs its killers; tells how it ended, and what pytest printed."""
    before = one.put_into(tree)
    try:
        if standing is not None and not standing.has_read(one.file):
            return "BROKE", "the platform does not start"
        # Bytecode is told from its source by the second, and two mutants may share one: what the
        # first run wrote is of the code as it is, and stays.
        settings = {} if standing is None else standing.settings
        code, output = run(tree, one.killers, PYTHONDONTWRITEBYTECODE="1", **settings)
        return verdict(code, output), output
    finally:
        (tree / one.file).write_text(before)


def _survivors(tree: Path, chosen: list[Mutant], standing: Standing | None = None) -> int:
    if not chosen:
        return 0
    killers = killers_of(chosen)
    code, output = run(tree, killers, **(standing.settings if standing else {}))
    if code:
        raise SystemExit(f"souk: without any mutant the killers do not pass:\n{output}")
    survivors = 0
    for one in chosen:
        end, output = ended(tree, one, standing)
        print(line(one.guard, one.mutant, one.killer, end), flush=True)
        if end != "killed":
            survivors += 1
            print(output, flush=True)
    return survivors


def main(words: str) -> None:
    chosen = [one for one in entries() if one.contains(words)]
    print(line("guard", "mutant", "killed by", "end"), flush=True)
    with a_copy() as tree:
        needy = who_need_a_platform(tree, killers_of(chosen)) if chosen else set()
        on_one = [one for one in chosen if needy.intersection(one.killers)]
        survivors = _survivors(tree, [one for one in chosen if one not in on_one])
        if on_one:
            with Standing(tree, of(tree)) as standing:
                survivors += _survivors(tree, on_one, standing)
    count = len(chosen)
    if words in ("", "databases"):
        for guard, names, killer, lives in asyncio.run(killed_in_databases()):
            end, text = "SURVIVED" if lives else "killed", "; ".join(lives or names[:1])
            more = f" (and {len(names) - 1} more)" if len(names) > 1 and not lives else ""
            print(line(guard, text[: 52 - len(more)] + more, killer, end), flush=True)
            count, survivors = count + len(names), survivors + len(lives)
    print(f"\n{count} mutants, {survivors} not killed")
    raise SystemExit(1 if survivors or not count else 0)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
