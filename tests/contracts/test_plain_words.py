"""Names and sizes that a reader can take in: of modules, of tests, of local names."""

import ast
import gc
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("gateway", "services", "deploy")
LINES = {"tests": 400} | dict.fromkeys(CODE, 300)
LONGEST_NAME = 90
# A sentence that begins with such a word names its subject only to those who know it already.
RIDDLES = ("test_who_", "test_what_", "test_it_", "test_whoever_")
# A name says which thing it is, not what was done to it.
VAGUE_NAMES = {"told", "asked", "kept", "wanted", "said", "shown", "the_one", "standing"}
NAMING = ("id", "attr", "arg", "name", "value")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def modules(top: str) -> dict[str, str]:
    """Reads every module below a folder, by its path."""
    return {str(p.relative_to(ROOT)): p.read_text() for p in sorted((ROOT / top).rglob("*.py"))}


@cache
def nodes(top: str) -> list[tuple[str, ast.AST]]:
    found = [(path, node) for path, text in modules(top).items() for node in ast.walk(_tree(text))]
    # Millions that stay: each search for garbage would look at all of them.
    gc.freeze()
    return found


@cache
def _tree(text: str) -> ast.Module:
    return ast.parse(text)


@pytest.mark.parametrize(("top", "limit"), LINES.items())
def test_a_module_is_short(top, limit):
    lines = {path: text.count("\n") for path, text in modules(top).items()}

    assert {path: count for path, count in lines.items() if count > limit} == {}


@pytest.mark.parametrize("top", LINES)
def test_a_module_says_what_it_is_for(top):
    silent = {path for path, text in modules(top).items() if not ast.get_docstring(_tree(text))}

    assert {path for path in silent if not path.endswith("__init__.py")} == set()


def test_a_test_is_named_by_a_short_sentence_with_a_subject():
    functions = [
        n for _, n in nodes("tests") if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    names = [node.name for node in functions if node.name.startswith("test_")]

    assert [name for name in names if len(name) > LONGEST_NAME] == []
    assert [name for name in names if name.startswith(RIDDLES)] == []


def test_a_name_in_a_docstring_is_one_that_the_code_has():
    paths = [Path(path) for top in LINES for path in modules(top)]
    code: set[object] = {part for path in paths for part in path.with_suffix("").parts}
    named: dict[str, str] = {}
    for path, node in (pair for top in LINES for pair in nodes(top)):
        fields = vars(node)
        code |= {fields[name] for name in NAMING if name in fields}
        if isinstance(node, DOCUMENTED):
            for name in re.findall(r"`([a-z_]\w*)`", ast.get_docstring(node) or ""):
                named.setdefault(name, path)

    assert {name: path for name, path in named.items() if name not in code} == {}


@pytest.mark.parametrize("top", LINES)
def test_a_name_is_not_vague(top):
    """A variable, an argument, a field, a function; so a fixture, too."""
    names = [(path, name) for path, node in nodes(top) for name in _bound(node)]

    assert [(path, name) for path, name in names if name in VAGUE_NAMES] == []


def _bound(node: ast.AST) -> list[str]:
    """Lists the names that a node gives."""
    match node:
        case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
            return [name]
        case ast.Attribute(attr=name, ctx=ast.Store()):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
    return []
