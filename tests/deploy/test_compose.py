"""docker-compose.yml and the Dockerfile, read without an engine and compared with the manifest."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.manifest import BY_NAME, GATEWAY, PROCESSES, SERVICES, Service
from tests import settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
OPTIONAL = {name: one for name, one in CONTAINERS.items() if "profiles" in one}
JOBS = {
    name: one for name, one in CONTAINERS.items() if one["restart"] == "no" and name not in OPTIONAL
}
LASTING = {name: one for name, one in CONTAINERS.items() if name not in {**JOBS, **OPTIONAL}}
THIRD_PARTY = {"postgres", "valkey"}
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_has_no_more_rights_than_it_needs(name):
    container = CONTAINERS[name]

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


@pytest.mark.parametrize("name", LASTING)
def test_a_process_that_stays_is_checked_and_started_again(name):
    process = LASTING[name]

    assert process["restart"] == "unless-stopped"
    assert process["healthcheck"]["test"][0] == "CMD"
    if name in BY_NAME:
        assert process["healthcheck"]["test"][1:] == ["python", "-m", "deploy.probe"]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_waited_for_by_something(name):
    waiting = [
        other
        for other, one in CONTAINERS.items()
        if one.get("depends_on", {}).get(name) == {"condition": "service_completed_successfully"}
    ]

    assert waiting


@pytest.mark.parametrize("name", CONTAINERS)
def test_nothing_starts_before_what_it_needs_is_ready(name):
    for needed, how in CONTAINERS[name].get("depends_on", {}).items():
        condition = "service_completed_successfully" if needed in JOBS else "service_healthy"
        assert how == {"condition": condition}


def test_the_gateway_alone_can_be_reached_from_outside():
    published = {name: one["ports"] for name, one in CONTAINERS.items() if "ports" in one}
    open_networks = [name for name, one in COMPOSE["networks"].items() if not one.get("internal")]
    on_them = [
        name
        for name, one in CONTAINERS.items()
        if set(open_networks) & set(one.get("networks", ()))
    ]

    assert published == {"gateway": ["127.0.0.1:${SOUK_PORT:-8000}:8000"]}
    assert on_them == ["gateway"]
    modes = {one["network_mode"] for one in CONTAINERS.values() if not one.get("networks")}
    assert modes <= {"none", "service:postgres"}  # that network is internal


def test_the_gateway_cannot_reach_the_databases():
    assert "data" not in CONTAINERS["gateway"]["networks"]
    assert [name for name in LASTING if "cache" in LASTING[name]["networks"]] == [
        "valkey",
        "gateway",
    ]


def test_no_secret_is_written_down():
    for one in CONTAINERS.values():
        for key, value in one.get("environment", {}).items():
            assert key.endswith("_FILE") or not re.search("PASSWORD|SECRET|TOKEN|KEY", key)
            assert not re.search(r"://[^/]*:[^/]*@", str(value))


def test_a_process_sees_its_own_secrets_alone():
    for name, one in LASTING.items():
        mounted = [volume for volume in one.get("volumes", ()) if volume.startswith("secrets")]
        expected = {f"secrets-{name}:/secrets:ro", f"secrets-{name}:/handout:ro"}
        assert set(mounted) <= expected
        assert bool(mounted) == (name in BY_NAME or name == "postgres")


def test_a_container_is_told_only_settings_that_exist():
    known = settings.names() | {"SOUK_POSTGRES_ADMIN_FILE", "SOUK_DEMO"}

    for one in CONTAINERS.values():
        names = {key for key in one.get("environment", {}) if key.startswith("SOUK_")}
        assert names <= known


@pytest.mark.parametrize(
    "name", [n for n, one in CONTAINERS.items() if one["image"] == "souk:local"]
)
def test_a_command_names_code_that_is_there(name):
    command = CONTAINERS[name]["command"]

    if "-m" in command:
        module = ROOT / command[command.index("-m") + 1].replace(".", "/")
        assert module.with_suffix(".py").exists() or (module / "__main__.py").exists()
    else:
        assert (ROOT / command[1]).exists()


def _address_settings(environment: dict[str, str]) -> dict[str, str]:
    known = {process.address_setting for process in PROCESSES}
    return {name: value for name, value in environment.items() if name in known}


def test_compose_runs_the_processes_of_the_manifest_and_no_other():
    assert set(LASTING) == {*BY_NAME, *THIRD_PARTY}


@pytest.mark.parametrize("name", BY_NAME)
def test_a_process_runs_its_module_and_knows_whom_it_calls(name):
    process, container = BY_NAME[name], CONTAINERS[name]
    arguments = ["serve"] if isinstance(process, Service) else []

    assert container["command"] == ["python", "-m", process.module, *arguments]
    called = [BY_NAME[name] for name in process.calls]
    addresses = {one.address_setting: f"{one.name}:{one.port}" for one in called}
    assert _address_settings(container["environment"]) == addresses
    assert container["environment"]["SOUK_LISTEN"] == f"0.0.0.0:{process.port}"


@pytest.mark.parametrize("name", BY_NAME)
def test_a_process_shares_a_network_with_whom_it_calls_and_with_its_store(name):
    process = BY_NAME[name]
    stores = {"postgres"} if isinstance(process, Service) else set()
    stores |= {"valkey"} if process is GATEWAY else set()

    for called in {*process.calls, *stores} - {name}:
        assert set(CONTAINERS[name]["networks"]) & set(CONTAINERS[called]["networks"]), called
    reachable = {
        store
        for store in THIRD_PARTY
        if set(CONTAINERS[name]["networks"]) & set(CONTAINERS[store]["networks"])
    }
    assert reachable == stores


@pytest.mark.parametrize("name", BY_NAME)
def test_every_stored_file_is_in_a_volume(name):
    container = CONTAINERS[name]
    folders = {volume.split(":")[1] for volume in container["volumes"]}

    for setting, value in BY_NAME[name].settings.items():
        path = value.format(volumes="", volumes_url="file://")
        assert path in container["environment"][setting]
        assert "/" + path.removeprefix("file://").split("/")[1] in folders


def test_the_secrets_of_each_process_are_handed_to_a_volume_of_its_own():
    volumes = {f"secrets-{name}:/handout/{name}" for name in (*BY_NAME, "postgres")}

    assert set(CONTAINERS["keys"]["volumes"]) == volumes | {"secrets:/secrets"}
    assert {volume.partition(":")[0] for volume in volumes} <= set(COMPOSE["volumes"])


def test_services_start_after_migrations_and_the_gateway_after_services():
    for service in SERVICES:
        assert "migrate" in CONTAINERS[service.name]["depends_on"]
    assert set(GATEWAY.calls) <= set(CONTAINERS["gateway"]["depends_on"])


def test_backups_see_no_secret_and_restore_what_was_backed_up_into_the_database():
    backup, restore = OPTIONAL["backup"], OPTIONAL["restore"]
    mounted = {*backup["volumes"], *restore["volumes"]}

    assert not any(volume.startswith("secrets") for volume in mounted)
    assert set(backup["volumes"]) == {"backups:/backups", "wal-spool:/spool"}
    assert set(restore["volumes"]) - set(backup["volumes"]) == {
        volume for volume in CONTAINERS["postgres"]["volumes"] if "data" in volume
    }
    assert restore["network_mode"] == "none"
    for one in (backup, restore):
        assert {"backup", "restore"} >= set(one["profiles"])
        assert {"SOUK_BACKUP": "/backups", "SOUK_BACKUP_SPOOL": "/spool"}.items() <= one[
            "environment"
        ].items()
