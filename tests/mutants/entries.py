"""Reads the entries, and puts one of them into a copy of the code."""

import ast
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One guard, what is changed about it, and the tests that fail then."""

    guard: str
    mutant: str
    file: str
    was: str
    becomes: str
    killer: str
    within: str = ""
    """The class and function that holds the text, such as `Limiter.count`; "" is the whole file."""

    @property
    def killers(self) -> list[str]:
        return self.killer.split()

    @property
    def times_found(self) -> int:
        """Counts the text in the code as it is; an entry is right if it is there once."""
        path = ROOT / self.file
        return self._split(path.read_text())[1].count(self.was) if path.is_file() else 0

    def contains(self, word: str) -> bool:
        return word in f"{self.guard} {self.mutant} {self.file} {self.killer}"

    def put_into(self, tree: Path) -> str:
        """Changes a copy of the code; returns the text that the file had before."""
        path = tree / self.file
        before = path.read_text()
        head, part, tail = self._split(before)
        if part.count(self.was) != 1:
            raise SystemExit(
                f"souk: {self.file}: the text of {self.mutant!r} must occur exactly once"
            )
        path.write_text(head + part.replace(self.was, self.becomes) + tail)
        return before

    def _split(self, code: str) -> tuple[str, str, str]:
        """Cuts out the function that the text is in; the text may stand elsewhere, too."""
        if not self.within:
            return "", code, ""
        found = [(first, last) for name, first, last in _definitions(code) if name == self.within]
        if len(found) != 1:
            return code, "", ""
        [(first, last)] = found
        lines = code.splitlines(keepends=True)
        return "".join(lines[:first]), "".join(lines[first:last]), "".join(lines[last:])


@cache
def _definitions(code: str) -> list[tuple[str, int, int]]:
    """Lists each class and function by its dotted name, with where its lines begin and end."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found: list[tuple[str, int, int]] = []

    def walk(node: ast.AST, outer: str) -> None:
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, kinds):
                first = min([inner, *inner.decorator_list], key=lambda one: one.lineno)
                found.append((outer + inner.name, first.lineno - 1, inner.end_lineno or 0))
                walk(inner, f"{outer}{inner.name}.")
            else:
                walk(inner, outer)

    walk(ast.parse(code), "")
    return found


def entries() -> list[Mutant]:
    """Reads the entries of all files in this folder."""
    return [
        Mutant(**entry)
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text())["mutant"]
    ]
