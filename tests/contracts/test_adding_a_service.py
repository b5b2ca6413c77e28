"""docs/adding-a-service.md, followed from top to bottom in a copy of the tree."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster import cluster  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/adding-a-service.md").read_text()

_BLOCK = re.compile(
    r"^(?:`(?P<path>[\w./-]+)`[^\n]*:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)
_NOT_COPIED = (".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")

# The tests that find the service by walking: those of it alone, and those of the whole.
_FILES = (
    *("tests/contracts/test_data_dictionary.py", "tests/contracts/test_docs.py"),
    *("tests/deploy/test_compose.py", "tests/deploy/test_manifest.py"),
    *("tests/deploy/kubernetes/test_processes.py", "tests/deploy/kubernetes/test_network.py"),
    "tests/deploy/kubernetes/test_production.py",
    *("tests/isolation/test_models.py", "tests/isolation/test_catalog.py"),
    "tests/tenant_registry/roles/test_evaluation.py",
)
_WHOLE = (
    *("test_every_route_is_listed", "test_every_setting_is_explained"),
    *("test_no_other_database_is_explained", "test_every_database_of_the_platform"),
    *("test_the_processes_of_the_manifest", "test_pods_send", "test_pods_receive"),
    *("test_compose_runs", "handed_to_a_volume", "test_a_service_bears", "test_every_folder"),
    *("test_calls_go", "test_an_address", "test_the_known_permissions"),
)
_SELECTED = f"not running_platform and (reviews or {' or '.join(_WHOLE)})"
_PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "-v")
_BIN = Path(sys.executable).parent
# How the copy runs a command of the page.
COMMANDS: dict[str, list[tuple[str, ...]]] = {
    "make protos": [(sys.executable, "protos/generate.py")],
    "make lint": [
        (str(_BIN / "ruff"), "format", "--check", "-q", "services", "gateway", "tests"),
        (str(_BIN / "ruff"), "check", "-q", "services", "gateway", "tests"),
        (str(_BIN / "lint-imports"), "--no-cache"),
        (sys.executable, "protos/generate.py", "--descriptors", "souk.binpb"),
        (str(_BIN / "buf"), "lint", "souk.binpb", "--config", "protos/buf.yaml"),
    ],
    "make test T=tests/reviews": [],
    "make test T='tests/contracts tests/deploy tests/isolation'": [
        (sys.executable, *_PYTEST, "-k", _SELECTED, "tests/reviews", *_FILES),
    ],
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A copy of the tree in which the page was followed."""
    copy: Path = tmp_path_factory.mktemp("adding") / "souk"
    # With its bytecode: compiling everything again would take longer than the rest.
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*_NOT_COPIED))
    for block in _BLOCK.finditer(PAGE):
        path = copy / (block["path"] or "")
        if block["kind"] == "diff":
            path.write_text(edited(path.read_text(), block["text"]))
        elif block["kind"] != "sh":
            assert not path.exists(), f"{block['path']} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"])
    return copy


def edited(text: str, diff: str) -> str:
    """Adds the lines with + after or before the others, which stand once in the text."""
    for hunk in re.split(r"^@@\n", diff, flags=re.M):
        lines = hunk.splitlines(keepends=True)
        assert all(line[0] in " +\n" for line in lines), hunk
        before = "".join(line[1:] or "\n" for line in lines if line[0] != "+")
        after = "".join(line[1:] or "\n" for line in lines)
        found = list(re.finditer(f"^{re.escape(before)}", text, re.M))
        assert len(found) == 1, f"these lines are there {len(found)} times:\n{before}"
        text = text[: found[0].start()] + after + text[found[0].end() :]
    return text


def run(tree: Path, command: tuple[str, ...]) -> str:
    environment = os.environ | {
        "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'protos/gen'}",
    }
    done = subprocess.run(
        command, cwd=tree, env=environment, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-6000:]}"
    return done.stdout


@pytest.mark.usefixtures("cluster")  # so that there is a snapshot, from which the copy's starts
def test_a_service_that_follows_the_page_runs_and_is_found_by_the_tests(tree):
    [commands] = [block["text"] for block in _BLOCK.finditer(PAGE) if block["kind"] == "sh"]

    output = "".join(
        run(tree, command)
        for line in commands.splitlines()
        for command in COMMANDS[line.replace('"', "'")]
    )

    for passed in (
        "test_a_tenant_lists_its_own_reviews_only",
        "test_a_table_keeps_every_rule[reviews-review]",
        "test_a_database_made_just_now_is_walled[policies-reviews]",
        "test_models_and_migrations_agree[reviews]",
        "test_every_table_and_column_of_a_service_is_explained_and_no_other[reviews]",
        "test_a_process_runs_its_module_and_knows_whom_it_calls[reviews]",
        "test_a_process_runs_its_module_and_knows_whom_it_calls[production-reviews]",
        "test_there_are_two_or_more_of_a_process[reviews]",
        "test_pods_send_along_the_arrows_and_nowhere_else[local]",
        "test_the_known_permissions_are_those_that_the_methods_ask_for",
    ):
        assert re.search(rf"{re.escape(passed)} PASSED", output), passed
