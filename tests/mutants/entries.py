"""Reads the entries, and puts one of them into a copy of the code."""

import tomllib
from dataclasses import dataclass
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

    @property
    def killers(self) -> list[str]:
        return self.killer.split()

    @property
    def times_found(self) -> int:
        """Tells how often the text stands in the code as it is; once is right."""
        path = ROOT / self.file
        return path.read_text().count(self.was) if path.is_file() else 0

    def contains(self, word: str) -> bool:
        return word in f"{self.guard} {self.mutant} {self.file} {self.killer}"

    def put_into(self, tree: Path) -> str:
        """Changes a copy of the code, and gives what the file held before."""
        path = tree / self.file
        before = path.read_text()
        if before.count(self.was) != 1:
            raise SystemExit(f"souk: {self.file}: the text of {self.mutant!r} is not there once")
        path.write_text(before.replace(self.was, self.becomes))
        return before


def entries() -> list[Mutant]:
    """Lists what all files of this folder hold."""
    return [
        Mutant(**entry)
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text())["mutant"]
    ]
