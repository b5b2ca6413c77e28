"""Each entry of `make mutants` against the code: it must still be able to run."""

import ast
from collections import Counter
from functools import cache

import pytest

from tests.mutants.entries import ROOT, Mutant, entries

each_entry = pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.mutant)


@each_entry
def test_the_text_of_a_mutant_stands_once_in_the_code(entry: Mutant):
    assert entry.times_found == 1, f"{entry.file} holds {entry.was!r} {entry.times_found} times"
    assert entry.was != entry.becomes


@each_entry
def test_the_killer_of_a_mutant_is_a_test(entry: Mutant):
    assert entry.killers
    for killer in entry.killers:
        path, _, name = killer.partition("::")
        assert name.partition("[")[0] in names_of(path), f"{killer} is no test"


def test_no_mutant_is_listed_twice():
    changes = Counter((one.file, one.within, one.was, one.becomes) for one in entries())

    assert [change for change, times in changes.items() if times > 1] == []


@cache
def names_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, functions) and node.name.startswith("test_")
    )
