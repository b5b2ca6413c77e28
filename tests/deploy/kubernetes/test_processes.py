"""The rendered processes and Jobs, compared with deploy/manifest.py."""

import re
from urllib.parse import urlsplit

import pytest

from deploy.manifest import BY_NAME, GATEWAY, INTERNAL_PORT, PROCESSES, WITNESS, Process, Service
from gateway.tenancy.hosts import Hosts
from tests import settings as known
from tests.deploy.kubernetes.rendered import (
    NAME,
    OVERLAYS,
    ROOT,
    Workload,
    of_kind,
    settings,
    workloads,
)

THIRD_PARTY = {"local": {"postgres", "valkey"}, "production": set()}
JOBS = {"local": {"keys", "databases", "seed"}, "production": {"keys", "databases"}}
SEES_ALL = {"databases"}
"""Who mounts the whole Secret `secrets`; others mount files of it that a test names."""

OURS = [one for one in workloads() if one.name in BY_NAME]
every_process = pytest.mark.parametrize("workload", OURS, ids=str)
every_pod = pytest.mark.parametrize("workload", workloads(), ids=str)


def process_of(workload: Workload) -> Process:
    return BY_NAME[workload.name]


def environment(workload: Workload) -> dict[str, str]:
    return settings(workload, workload.containers[-1])


def mounted(workload: Workload) -> dict[str, set[str] | None]:
    """The Secrets that a pod mounts, with the files; None is every one."""
    secrets = [one["secret"] for one in workload.pod.get("volumes", []) if "secret" in one]
    return {
        one["secretName"]: {item["key"] for item in one["items"]} if "items" in one else None
        for one in secrets
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_processes_of_the_manifest_run_and_no_others(overlay):
    found = workloads(overlay)

    assert {one.name for one in found if one.stays} == {*BY_NAME, *THIRD_PARTY[overlay]}
    assert {one.name for one in found if not one.stays} == JOBS[overlay]


@every_process
def test_a_process_runs_its_module_and_knows_whom_it_calls(workload):
    process = process_of(workload)
    addresses = {one.address_setting for one in PROCESSES}
    addressed = {key: text for key, text in environment(workload).items() if key in addresses}

    arguments = ["serve"] if isinstance(process, Service) else []
    assert workload.containers[0]["command"] == ["python", "-m", process.module, *arguments]
    assert addressed == {
        BY_NAME[name].address_setting: f"{name}:{BY_NAME[name].port}" for name in process.calls
    }
    assert environment(workload)["SOUK_LISTEN"] == f"0.0.0.0:{process.port}"
    assert environment(workload)["SOUK_INTERNAL_LISTEN"] == f"0.0.0.0:{INTERNAL_PORT}"


@every_process
def test_a_process_is_found_by_its_name(workload):
    service = of_kind(workload.overlay, "Service")[workload.name]
    [port] = service["spec"]["ports"]
    named = {one["name"]: one["containerPort"] for one in workload.containers[0]["ports"]}

    assert service["spec"]["selector"].items() <= workload.labels.items()
    assert service["spec"]["selector"][NAME] == workload.name
    assert named[port["name"]] == port["port"]
    # gRPC takes turns among the addresses of a name, so the name must have all of them.
    assert (service["spec"].get("clusterIP") == "None") == (workload.name != GATEWAY.name)


@every_process
def test_every_stored_file_is_in_a_volume(workload):
    [container] = workload.containers
    folders = {one["mountPath"] for one in container["volumeMounts"]}

    for name in process_of(workload).settings:
        value = environment(workload)[name]
        path = value.removeprefix("file://")
        assert value.startswith(("s3://", "smtps://")) or f"/{path.split('/')[1]}" in folders


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_record_of_the_witness_outlives_its_pod(overlay):
    [workload] = [one for one in workloads(overlay) if one.name == WITNESS.name]

    assert workload.volume("witness")["claim"]["resources"]["requests"]["storage"]


@every_process
def test_a_process_reads_its_own_secrets_as_files(workload):
    [container] = workload.containers
    mounts = {one["name"]: one for one in container["volumeMounts"]}

    certificate = {f"tls-{workload.name}": None} if workload.overlay == "production" else {}
    assert mounted(workload) == {f"secrets-{workload.name}": None, **certificate}
    assert mounts["secrets"] == {"name": "secrets", "mountPath": "/secrets", "readOnly": True}
    assert workload.volume("secrets")["secret"]["defaultMode"] == 0o440
    assert environment(workload)["SOUK_SECRETS"] == "/secrets"


@every_pod
def test_no_secret_is_in_an_environment(workload):
    for container in workload.containers:
        assert all(source.keys() == {"configMapRef"} for source in container.get("envFrom", []))
        assert all(one.keys() == {"name", "value"} for one in container.get("env", []))
        for name, value in settings(workload, container).items():
            assert name.endswith("_FILE") or not re.search("PASSWORD|SECRET$|TOKEN|KEY", name)
            assert not re.search(r"://[^/]*:[^/]*@", value)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_jobs_see_secrets_of_several_processes(overlay):
    everything = {
        one.name: mounted(one)["secrets"] for one in workloads(overlay) if "secrets" in mounted(one)
    }
    superuser = [
        one.name
        for one in workloads(overlay)
        if any("postgres-admin.url" in (files or ()) for files in mounted(one).values())
    ]

    assert {name for name, files in everything.items() if files is None} == SEES_ALL
    assert everything.get("seed", {"admin.password"}) == {"admin.password"}
    assert superuser == ["databases"]


def test_the_superuser_is_known_while_databases_are_made_and_not_after():
    for workload in workloads():
        if workload.name == "databases":
            provision, migrate = workload.containers
            assert "superuser" in {one["name"] for one in provision["volumeMounts"]}
            assert "superuser" not in {one["name"] for one in migrate["volumeMounts"]}


@every_pod
def test_a_pod_is_told_only_settings_that_exist(workload):
    names = known.names() | {"SOUK_POSTGRES_ADMIN_FILE"}

    for container in workload.containers:
        named = {name for name in settings(workload, container) if name.startswith("SOUK_")}
        assert named <= names


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_job_keys_may_write_the_secrets_of_the_manifest_and_read_the_operators(overlay):
    rules = of_kind(overlay, "Role")["keys"]["rules"]
    allowed = {
        (verb, name)
        for rule in rules
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", ["any"])
    }
    own = {"secrets", "secrets-postgres", *(f"secrets-{name}" for name in BY_NAME)}

    assert all(rule["resources"] == ["secrets"] for rule in rules)
    assert allowed == {
        ("create", "any"),
        ("get", "secrets-operator"),
        *((verb, name) for verb in ("get", "update") for name in own),
    }
    assert list(of_kind(overlay, "RoleBinding")) == ["keys"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_databases_come_before_tables_and_both_wait_for_keys(overlay):
    jobs = of_kind(overlay, "Job")
    [job] = [one for one in workloads(overlay) if one.name == "databases"]
    commands = [one["command"][2] for one in job.containers]

    assert (
        jobs["keys"]["spec"]["template"]["spec"]["containers"][0]["command"][2]
        == "deploy.secrets.cluster"
    )
    # Containers that come before others end before those begin; no container begins before the
    # Secrets that its pod mounts are there, which `keys` makes.
    assert commands == ["deploy.provision", "deploy.migrate"]
    assert len(job.pod["initContainers"]) == 1
    assert "secrets" in mounted(job)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_job_is_tried_again_and_runs_again_with_the_next_apply(overlay):
    for name, job in of_kind(overlay, "Job").items():
        spec = job["spec"]
        assert spec["template"]["spec"]["restartPolicy"] == "Never"
        assert spec["backoffLimit"] >= 6
        # The demo data is added once.
        assert spec.get("ttlSecondsAfterFinished") == (None if name == "seed" else 300)


def test_the_demo_data_is_added_at_a_host_of_the_platforms_own():
    [gateway] = [one for one in workloads("local") if one.name == GATEWAY.name]
    [seed] = [one for one in workloads("local") if one.name == "seed"]
    command = seed.containers[0]["command"]
    target = urlsplit(command[command.index("--url") + 1]).netloc
    variables = environment(gateway)

    hosts = Hosts(variables["SOUK_BASE_DOMAIN"], [variables["SOUK_PLATFORM_HOSTS"]])
    assert hosts.read(target.encode()).is_platform
    assert target == f"{GATEWAY.name}:{GATEWAY.port}"


@every_pod
def test_a_command_names_code_that_is_in_the_image(workload):
    for container in workload.containers:
        if container["name"] in ("souk", "provision"):
            _, _, name = container["command"][:3]
            module = ROOT / name.replace(".", "/")
            assert module.with_suffix(".py").exists() or (module / "__main__.py").exists()
