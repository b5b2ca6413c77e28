"""The documents against the code: links, errors, routes, settings, decisions, make targets."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.tenant_registry.accounts.attempts import GUESSES
from services.tenant_registry.accounts.mail_limits import RESETS, RESETS_A_DAY
from services.tenant_registry.accounts.registrations import REGISTRATIONS
from tests.isolation.operations import described
from tests.settings import every_kind

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|CONFLICT|INTERNAL|UNAVAILABLE|UNAUTHENTICATED")

# Read from the environment by hand: before there are settings, or by compose alone.
BY_HAND = {"SOUK_POSTGRES_ADMIN_FILE", "SOUK_STATE", "SOUK_PG_BIN", "SOUK_DEMO"}


def rows(page: Path, cells: int) -> Iterator[list[str]]:
    for line in page.read_text().splitlines():
        found = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(found) == cells and not line.startswith("|--"):
            yield found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_file_that_is_named_is_there(page):
    top = "services|gateway|tests|docs|deploy|protos"
    for named in re.findall(rf"`((?:{top})/[\w./-]*)`", page.read_text()):
        if "reviews" not in named and not named.startswith("protos/gen"):
            assert (ROOT / named).exists(), named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_make_target_that_is_named_is_there(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)) <= targets


def reasons_in_code() -> set[str]:
    """Every word in capitals that the code spells as a whole text: what errors are made of."""
    found = set()
    for path in [*(ROOT / "services").rglob("*.py"), *(ROOT / "gateway").rglob("*.py")]:
        if {"migrations", "cli"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and CODE.fullmatch(str(node.value)):
                found.add(str(node.value))
    return {name for name in found if not name.startswith("SOUK_")}


def test_every_reason_for_an_error_is_explained_and_no_other():
    text = (DOCS / "api.md").read_text()
    explained = set(CODE.findall(text.partition("## Errors")[2].partition("## Limits")[0]))

    assert explained == reasons_in_code()


def test_every_route_is_listed_and_no_other():
    listed = {(method, path) for method, path, _ in rows(DOCS / "api.md", 3) if path[0] == "/"}
    served = {
        (method.upper(), path)
        for path, operations in described()["paths"].items()
        for method in operations
    }

    assert listed == served


def settings() -> dict[str, list[object]]:
    """Every setting, with the defaults that the classes give it."""
    found: dict[str, list[object]] = {name: [] for name in BY_HAND}
    for kind in every_kind():
        for name, one in kind.model_fields.items():
            found.setdefault(f"SOUK_{name.upper()}", []).append(one.get_default())
    return found


def test_every_setting_is_explained_with_its_default_and_no_other():
    page = {row[0]: row[2] for row in rows(DOCS / "operations.md", 4) if row[0].startswith("SOUK_")}

    assert set(page) == set(settings())
    for name, defaults in settings().items():
        for default in defaults:
            assert not isinstance(default, str | int) or str(default) in page[name]


def test_a_decision_has_its_six_parts_and_its_place_in_the_list():
    pages = sorted(DOCS.glob("decisions/0*.md"))
    index = (DOCS / "decisions/README.md").read_text()
    parts = ("Status", "Context", "Decision", "Consequences", "Alternatives", "Enforced by")

    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        places = [text.index(f"**{part}.**") for part in parts]
        assert places == sorted(places)
    assert re.findall(r"^(\d+)\. \[(.+)\]\((.+)\)$", index, re.MULTILINE) == [
        (str(number), page.read_text().partition("\n")[0].removeprefix(f"# {number}. "), page.name)
        for number, page in enumerate(pages, 1)
    ]


def test_every_folder_of_a_service_is_in_the_house():
    house = (DOCS / "architecture.md").read_text().partition("## The house")[2]
    for service in ("catalog_opt_in", "tenant_registry"):
        [line] = re.findall(rf"^  {service}/.*(?:\n {{20,}}.*)*", house, re.MULTILINE)
        folders = {path.parent.name for path in (ROOT / "services" / service).glob("*/__init__.py")}
        assert folders - {"models"} == set(re.findall(r"(\w+)/", line)) - {service}


def test_the_limits_of_attempts_and_mail_are_those_of_the_code():
    words = {5: "five", 10: "ten"}
    [limited] = [row for row in rows(DOCS / "api.md", 4) if row[2] == "LOGIN_LIMITED"]
    access = " ".join((DOCS / "access.md").read_text().split())

    for limit, what in (
        (GUESSES, "failures"),
        (REGISTRATIONS, "registrations"),
        (RESETS, "resets"),
    ):
        assert limit.window == timedelta(minutes=15)
        assert f"{words[limit.most]} {what}" in limited[3]
    assert f"{RESETS_A_DAY.most} resets within a day" in limited[3]
    assert f"{words[RESETS.most]} resets of one address within 15 minutes" in access
    assert f"and {RESETS_A_DAY.most} within a day" in access
    assert f"After {words[GUESSES.most]} failures for one e-mail within 15 minutes" in access
