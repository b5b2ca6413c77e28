"""What docker-compose.yml and the Dockerfile promise, read without an engine."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.secrets import handout
from deploy.secrets.handout import NEEDS, hand_out
from gateway.settings import GatewaySettings
from services.kernel.process.settings import ServiceSettings
from services.kernel.process.signing_keys import entry_of
from services.tenant_registry.settings import MailSettings
from services.witness.settings import WitnessSettings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
JOBS = {name: one for name, one in SERVICES.items() if one["restart"] == "no"}
PROCESSES = {name: one for name, one in SERVICES.items() if name not in JOBS}
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_more_rights_than_it_needs(name):
    container = SERVICES[name]

    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["mem_limit"]
    assert "privileged" not in container
    assert container["image"] == "souk:local" or container["user"] == "999:999"


def test_the_image_runs_as_nobody_in_particular_and_checks_its_health():
    final = DOCKERFILE.split("FROM ${PYTHON_IMAGE}\n")[1]

    assert "USER 10001:10001" in final
    assert "HEALTHCHECK" in final


def test_the_image_is_built_from_a_base_that_can_be_chosen_and_from_the_lock():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert set(bases) == {"${PYTHON_IMAGE}"}
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert not re.search(r"syntax=|python3\.\d", DOCKERFILE)


def test_nothing_enters_the_image_that_is_not_named():
    rules = (ROOT / ".dockerignore").read_text().splitlines()

    assert next(rule for rule in rules if rule and not rule.startswith("#")) == "*"


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_that_stays_is_checked_and_started_again(name):
    process = PROCESSES[name]

    assert process["restart"] == "unless-stopped"
    assert process["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_waited_for_by_something(name):
    waiting = [
        other
        for other, one in SERVICES.items()
        if one.get("depends_on", {}).get(name) == {"condition": "service_completed_successfully"}
    ]

    assert waiting


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_starts_before_what_it_needs_is_ready(name):
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_completed_successfully" if needed in JOBS else "service_healthy"
        assert how == {"condition": wanted}


def test_the_gateway_alone_can_be_reached_from_outside():
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    open_networks = [name for name, one in COMPOSE["networks"].items() if not one.get("internal")]
    on_them = [
        name for name, one in SERVICES.items() if set(open_networks) & set(one.get("networks", ()))
    ]

    assert published == {"gateway": ["127.0.0.1:${SOUK_PORT:-8000}:8000"]}
    assert on_them == ["gateway"]
    assert all(one.get("networks") or one["network_mode"] == "none" for one in SERVICES.values())


def test_the_gateway_cannot_reach_the_databases():
    assert "data" not in SERVICES["gateway"]["networks"]
    assert [name for name in PROCESSES if "cache" in PROCESSES[name]["networks"]] == [
        "valkey",
        "gateway",
    ]


def test_no_secret_is_written_down():
    for one in SERVICES.values():
        for key, value in one.get("environment", {}).items():
            assert key.endswith("_FILE") or not re.search("PASSWORD|SECRET|TOKEN|KEY", key)
            assert not re.search(r"://[^/]*:[^/]*@", str(value))


def test_a_process_sees_its_own_secrets_alone():
    for name, one in PROCESSES.items():
        mounted = [volume for volume in one.get("volumes", ()) if volume.startswith("secrets")]
        expected = {f"secrets-{name}:/secrets:ro", f"secrets-{name}:/handout:ro"}
        assert set(mounted) <= expected
        assert bool(mounted) == (name in NEEDS)


def test_a_container_is_told_only_settings_that_exist():
    known = {
        f"SOUK_{field.upper()}"
        for kind in (ServiceSettings, GatewaySettings, MailSettings, WitnessSettings)
        for field in kind.model_fields
    }
    known |= {"SOUK_ADMIN_EMAIL", "SOUK_POSTGRES_ADMIN_FILE", "SOUK_DEMO"}

    for one in SERVICES.values():
        told = {key for key in one.get("environment", {}) if key.startswith("SOUK_")}
        assert told <= known


@pytest.mark.parametrize("name", [n for n, one in SERVICES.items() if one["image"] == "souk:local"])
def test_a_command_names_code_that_is_there(name):
    command = SERVICES[name]["command"]

    if "-m" in command:
        module = ROOT / command[command.index("-m") + 1].replace(".", "/")
        assert module.with_suffix(".py").exists() or (module / "__main__.py").exists()
    else:
        assert (ROOT / command[1]).exists()


@pytest.fixture
def handed(tmp_path):
    for name in NEEDS:
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
    for name, files in NEEDS.items():
        assert {path.name for path in (handed / "handout" / name).iterdir()} == set(files)

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

    handout.main(*folders, "announce", name)
    holders = [path.parent.name for path in folders[1].rglob(f"{name}.next")]
    coming = (folders[0] / f"{name}.next").read_text()
    handout.main(*folders, "switch", name)

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
    handout.main(*folders, "rotate", "session.key")
    known()

    (first, _), (still_first, announced), (second, both) = seen
    assert first == still_first != second
    assert announced == [first, second]
    assert set(both) == {first, second}
    assert not list(folders[1].rglob("*.key.next"))
