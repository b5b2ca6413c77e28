"""What every pod of both overlays has: few rights, bounds, checks, and time to stop."""

import kubernetes_validate
import pytest

from gateway import __main__ as gateway
from gateway.edge import draining
from services.kernel.evidence import relay
from services.kernel.serving import server
from tests.deploy.kubernetes.rendered import (
    OVERLAYS,
    Workload,
    objects,
    of_kind,
    own_kinds,
    workloads,
)

OLDEST = "1.30"
"""The oldest Kubernetes that docs/kubernetes.md promises."""

every_pod = pytest.mark.parametrize("workload", workloads(), ids=str)
every_lasting_pod = pytest.mark.parametrize(
    "workload", [one for one in workloads() if one.stays], ids=str
)


@pytest.mark.parametrize("version", [OLDEST, "1.37"])
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_fits_the_schema_of_kubernetes(overlay, version):
    for one in own_kinds(objects(overlay)):
        kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_namespace_refuses_pods_that_are_not_restricted(overlay):
    [namespace] = of_kind(overlay, "Namespace").values()

    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    others = [one for one in objects(overlay) if one["kind"] != "Namespace"]
    assert {one["metadata"]["namespace"] for one in others} == {namespace["metadata"]["name"]}


@every_pod
def test_a_pod_runs_as_nobody_in_particular(workload):
    context = workload.pod["securityContext"]

    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] == context["runAsGroup"] == context["fsGroup"] != 0
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & workload.pod.keys()


@every_pod
def test_a_container_has_no_rights(workload):
    for container in workload.containers:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert not {"privileged", "runAsUser", "runAsNonRoot", "seccompProfile"} & context.keys()


@every_pod
def test_a_container_has_what_it_asks_for_and_no_more_than_its_limit(workload):
    for container in workload.containers:
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}


@every_pod
def test_a_pod_writes_into_volumes_whose_size_is_bounded(workload):
    for volume in workload.pod.get("volumes", []):
        assert volume.keys() <= {
            *("name", "secret", "projected", "persistentVolumeClaim", "emptyDir")
        }
        if "emptyDir" in volume:
            assert volume["emptyDir"]["sizeLimit"]


@every_pod
def test_a_pod_knows_nothing_of_its_cluster(workload):
    account = of_kind(workload.overlay, "ServiceAccount")[workload.pod["serviceAccountName"]]

    assert account["automountServiceAccountToken"] is False
    assert workload.pod["automountServiceAccountToken"] is False
    # Otherwise a Service's name would become variables of every pod.
    assert workload.pod["enableServiceLinks"] is False
    tokens = [
        source["serviceAccountToken"]
        for volume in workload.pod.get("volumes", [])
        for source in volume.get("projected", {}).get("sources", [])
        if "serviceAccountToken" in source
    ]
    assert bool(tokens) == (workload.name == "keys")
    assert all(token["expirationSeconds"] == 600 for token in tokens)


@every_pod
def test_an_image_is_named_with_a_version(workload):
    for container in workload.containers:
        name, _, tag = container["image"].rpartition(":")
        assert name
        assert tag != "latest"


@every_lasting_pod
def test_a_pod_that_stays_is_checked_from_start_to_end(workload):
    [container] = workload.containers
    probes = [container[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")]

    if container["name"] == "souk":
        paths = [probe["httpGet"]["path"] for probe in probes]
        # A process whose database is away must not be started again for it.
        assert paths == ["/healthz", "/healthz", "/readyz"]
    assert all(probe["timeoutSeconds"] >= 3 for probe in probes)
    startup = probes[0]
    assert startup["failureThreshold"] * startup["periodSeconds"] >= 30


@every_lasting_pod
def test_a_probe_asks_where_the_process_tells_operators(workload):
    [container] = workload.containers
    if container["name"] != "souk":
        return
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    listen = {one["name"]: one["value"] for one in container["env"]}["SOUK_INTERNAL_LISTEN"]

    for kind in ("startup", "liveness", "readiness"):
        assert container[f"{kind}Probe"]["httpGet"]["port"] == "internal"
    assert listen == f"0.0.0.0:{ports['internal']}"


def drain_seconds(workload: Workload) -> float:
    """The longest that a process takes from SIGTERM to its end."""
    if workload.name == "gateway":
        return draining.SHED_SECONDS + gateway.DRAIN_SECONDS
    flush = relay._FLUSH_SECONDS
    return server.LEAVE_SECONDS + server.DRAIN_SECONDS + flush


@every_lasting_pod
def test_a_pod_has_the_time_that_its_process_takes_to_drain(workload):
    [container] = workload.containers
    if container["name"] != "souk":
        return
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]

    # As long as a readiness probe and those who watch endpoints may take to notice.
    assert pause >= 5
    assert workload.pod["terminationGracePeriodSeconds"] >= pause + drain_seconds(workload) + 5


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_new_instance_is_in_use_before_an_old_one_goes(overlay):
    for deployment in of_kind(overlay, "Deployment").values():
        spec = deployment["spec"]
        if deployment["metadata"]["name"] == "valkey":
            continue
        assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        assert spec["minReadySeconds"] >= 2
