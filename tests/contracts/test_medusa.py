"""The page about Medusa's routes against the routes that there are, and those that js-sdk asks."""

import json
import re
import subprocess

import pytest

from tests.contracts.test_docs import DOCS, rows
from tests.isolation.operations import described
from tests.journeys.test_js_sdk import NODE, SCRIPTS, needs_js_sdk

PARAMETER = re.compile(r"\w*\{\w+\}")


def plain(path: str) -> str:
    return PARAMETER.sub("{}", path)


@pytest.fixture(scope="module")
def verdicts() -> dict[tuple[str, str], tuple[str, str]]:
    """What the page says of each route: a verdict, and why."""
    return {
        (method, plain(path)): (verdict, why)
        for methods, path, verdict, why in rows(DOCS / "medusa.md", 4)
        if path.startswith("/")
        for method in methods.split()
    }


def test_the_page_calls_absent_what_is_not_there_and_nothing_else(verdicts):
    served = {
        (method.upper(), plain(path))
        for path, operations in described()["paths"].items()
        for method in operations
    }
    absent = {route for route, (verdict, _) in verdicts.items() if verdict == "absent"}

    assert {verdict for verdict, _ in verdicts.values()} == {"same", "different", "absent"}
    assert absent & served == set()
    assert verdicts.keys() - absent - served == set()


@needs_js_sdk
def test_the_page_says_of_each_method_of_js_sdk_whether_it_works_and_why_not(verdicts):
    printed = subprocess.check_output([NODE, SCRIPTS / "methods.mjs"])

    for name, method, path in json.loads(printed):
        verdict, why = verdicts[method, plain(path)]
        assert verdict != "absent" or f"`{name}`" in why, name
