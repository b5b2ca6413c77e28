"""Handing out secrets: each process gets its own, and a replaced one reaches whoever needs it."""

import json
import time
from pathlib import Path

import pytest

from deploy.manifest import BY_NAME
from deploy.secrets import handout
from deploy.secrets.handout import hand_out
from services.kernel.process.signing_keys import entry_of


@pytest.fixture
def handed(tmp_path):
    for name in (*BY_NAME, "postgres"):
        (tmp_path / "handout" / name).mkdir(parents=True)
    hand_out(tmp_path / "all", tmp_path / "handout")
    return tmp_path


def _files(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.read_text())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_process_is_handed_what_it_needs_and_nobody_elses_key(handed):
    for name, process in BY_NAME.items():
        given = {path.name for path in (handed / "handout" / name).iterdir()}
        assert given == set(process.needed_secrets)
    assert [path.name for path in (handed / "handout/postgres").iterdir()] == ["postgres.password"]

    keys = [path.name for path in (handed / "handout").rglob("*.key")]
    assert len(keys) == len(set(keys))
    assert not list((handed / "handout").rglob("*owner*"))
    assert not list((handed / "handout").rglob("admin*"))


def test_handing_out_again_changes_nothing(handed):
    before = _files(handed)

    hand_out(handed / "all", handed / "handout")

    assert _files(handed) == before


def test_a_replaced_secret_reaches_whoever_needs_it_alone(handed):
    (handed / "all" / "audit_app.password").write_text("another")

    hand_out(handed / "all", handed / "handout")

    holders = [
        path for path in (handed / "handout").rglob("*") if path.name == "audit_app.password"
    ]
    assert [(path.parent.name, path.read_text()) for path in holders] == [("audit", "another")]


def test_the_next_password_is_handed_out_while_there_is_one(handed):
    name, folders = "audit_app.password", (handed / "all", handed / "handout")

    handout.main([*map(str, folders), "announce", name])
    holders = [path.parent.name for path in folders[1].rglob(f"{name}.next")]
    coming = (folders[0] / f"{name}.next").read_text()
    handout.main([*map(str, folders), "switch", name])

    assert holders == ["audit"]
    assert (folders[1] / "audit" / name).read_text() == coming
    assert not list(handed.rglob("*.next"))


def test_a_key_is_handed_out_after_each_step_of_its_replacement(handed, monkeypatch):
    folders, seen = (handed / "all", handed / "handout"), []

    def known():
        sets = json.loads((folders[1] / "gateway/session.jwks").read_text())["keys"]
        signs = entry_of((folders[1] / "tenant-registry/session.key").read_text())["kid"]
        seen.append((signs, [entry["kid"] for entry in sets]))

    monkeypatch.setattr(time, "sleep", lambda _seconds: known())
    known()
    handout.main([*map(str, folders), "rotate", "session.key"])
    known()

    (first, _), (still_first, announced), (second, both) = seen
    assert first == still_first != second
    assert announced == [first, second]
    assert set(both) == {first, second}
    assert not list(folders[1].rglob("*.key.next"))


@pytest.mark.parametrize("word", ["announce", "switch", "rotate"])
@pytest.mark.parametrize("names", [[], ["nobody.key"], ["admin.password"], ["callers.json"]])
def test_a_secret_that_cannot_be_replaced_is_refused_in_one_line(handed, word, names):
    before = _files(handed)

    with pytest.raises(SystemExit, match="souk: "):
        handout.main([str(handed / "all"), str(handed / "handout"), word, *names])

    assert _files(handed) == before


@pytest.mark.parametrize("arguments", [[], ["secrets"], ["a", "b", "renew", "session.key"]])
def test_a_wrong_command_is_refused_in_one_line(arguments):
    with pytest.raises(SystemExit, match=r"usage|renew"):
        handout.main(arguments)


def test_an_optional_file_is_handed_out_while_the_operator_keeps_it(handed):
    folders = handed / "all", handed / "handout"
    (folders[0] / "oidc.json").write_text("{}")

    hand_out(*folders)
    given = [path.parent.name for path in folders[1].rglob("oidc.json")]
    (folders[0] / "oidc.json").unlink()
    hand_out(*folders)

    assert given == ["tenant-registry"]
    assert not list(folders[1].rglob("oidc.json"))
