"""Runs the mutants: `make mutants`, or `python -m tests.mutants [WORD]` for those with the word.

In a copy of the code, one mutant at a time: its killers are run and must fail. All killers are run
once without any mutant before, and must pass. Ends with 1 when a mutant survives.
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


def run(tree: Path, tests: list[str]) -> tuple[int, str]:
    """Runs tests of the copy; gives pytest's exit code and what it printed."""
    # No bytecode: it is told from its source by the second, and two mutants may share one.
    environment = os.environ | {
        "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'protos/gen'}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *tests], cwd=tree, env=environment, timeout=_SECONDS, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout


def verdict(code: int, output: str) -> str:
    """Tells how a mutant ended; an error of a fixture is no proof that a test notices."""
    if code == 0:
        return "SURVIVED"
    return "killed" if code == 1 and re.search(r"^FAILED ", output, re.MULTILINE) else "BROKE"


def line(guard: str, mutant: str, killer: str, end: str) -> str:
    return f"{end:8}  {guard:44.44}  {mutant:52.52}  {killer}"


def _survivors(tree: Path, chosen: list[Mutant]) -> int:
    survivors = 0
    for one in chosen:
        before = one.put_into(tree)
        code, output = run(tree, one.killers)
        (tree / one.file).write_text(before)
        end = verdict(code, output)
        print(line(one.guard, one.mutant, one.killer, end), flush=True)
        if end != "killed":
            survivors += 1
            print(output, flush=True)
    return survivors


def main(word: str = "") -> None:
    chosen = [one for one in entries() if one.contains(word)]
    print(line("guard", "mutant", "killed by", "end"), flush=True)
    with a_copy() as tree:
        killers = sorted({killer for one in chosen for killer in one.killers})
        code, output = run(tree, killers) if killers else (0, "")
        if code:
            raise SystemExit(f"souk: without any mutant the killers do not pass:\n{output}")
        survivors = _survivors(tree, chosen)
    count = len(chosen)
    if not word:
        for guard, names, killer, lives in asyncio.run(killed_in_databases()):
            end, text = "SURVIVED" if lives else "killed", "; ".join(lives or names[:1])
            more = f" (and {len(names) - 1} more)" if len(names) > 1 and not lives else ""
            print(line(guard, text[: 52 - len(more)] + more, killer, end), flush=True)
            count, survivors = count + len(names), survivors + len(lives)
    print(f"\n{count} mutants, {survivors} not killed")
    raise SystemExit(1 if survivors or not count else 0)


if __name__ == "__main__":
    main(*sys.argv[1:2])
