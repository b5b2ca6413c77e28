"""Secrets of a Kubernetes namespace: made once, handed to each process, replaced in two steps."""

import base64
import json

import pytest

from deploy.manifest import BY_NAME
from deploy.secrets import cluster, handout
from tests.deploy.kubernetes import api_server


@pytest.fixture
def api(tmp_path, monkeypatch):
    with api_server.running(tmp_path) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def run(api, *step):
    cluster.main([str(api.account), *step])


def files(api, name):
    data = api.secrets[name]["data"]
    return {file: base64.b64decode(text).decode() for file, text in data.items()}


def operators(api, **texts):
    data = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
    api.secrets["secrets-operator"] = {"metadata": {"name": "secrets-operator"}, "data": data}


def test_a_process_finds_what_it_needs_in_a_secret_of_its_own(api):
    run(api)

    for name, process in BY_NAME.items():
        assert set(files(api, f"secrets-{name}")) == set(process.needed_secrets)
    assert files(api, "secrets-audit")["audit.key"] == files(api, "secrets")["audit.key"]


def test_everything_is_stored_before_anybody_is_handed_a_part_of_it(api):
    run(api)

    assert api.writes[0] == ("POST", "secrets")
    assert {name for _, name in api.writes} == {
        *("secrets", "secrets-postgres"),
        *(f"secrets-{name}" for name in BY_NAME),
    }


def test_a_second_run_writes_nothing(api):
    run(api)
    first = list(api.writes)

    run(api)

    assert api.writes == first


def test_a_file_of_the_operators_reaches_its_process_and_is_not_kept(api):
    operators(api, **{"stripe.json": "{}", "smtp.password": "word"})

    run(api)

    assert files(api, "secrets-commerce")["stripe.json"] == "{}"
    assert "stripe.json" not in files(api, "secrets-tenant-registry")
    assert not {"stripe.json", "smtp.password"} & set(files(api, "secrets"))

    operators(api)
    run(api)

    assert "stripe.json" not in files(api, "secrets-commerce")


def test_a_key_is_replaced_in_two_steps(api):
    run(api)
    before = files(api, "secrets")["audit.key"]

    run(api, "announce", "audit.key")
    announced = files(api, "secrets")["audit.key.next"]
    callers = json.loads(files(api, "secrets-gateway").get("callers.json", "{}")) or json.loads(
        files(api, "secrets-audit")["callers.json"]
    )
    assert len(callers["audit"]["keys"]) == 2
    assert files(api, "secrets-audit")["audit.key"] == before

    run(api, "switch", "audit.key")
    assert files(api, "secrets-audit")["audit.key"] == announced


def test_a_run_beside_another_is_refused_and_overwrites_nothing(api, monkeypatch):
    run(api)
    handed_out = handout.main

    def meanwhile(arguments):
        handed_out(arguments)
        api.secrets["secrets"]["metadata"]["resourceVersion"] = "of another run"

    monkeypatch.setattr(handout, "main", meanwhile)
    with pytest.raises(SystemExit, match="409"):
        run(api, "announce", "audit.key")

    assert "audit.key.next" not in files(api, "secrets")


def test_an_account_that_is_refused_ends_with_one_line(api):
    (api.account / "token").write_text("another")

    with pytest.raises(SystemExit, match=r"souk: the API server: .*401"):
        run(api)


def test_a_rotation_in_one_go_is_refused_since_pods_read_new_files_late(api):
    with pytest.raises(SystemExit, match="usage"):
        run(api, "rotate", "audit.key")

    assert api.secrets == {}
