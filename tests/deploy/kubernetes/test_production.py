"""The overlay for production: two or more of each, apart from each other, behind TLS."""

import pytest

from deploy.manifest import BY_NAME, SERVICES, WITNESS
from tests.deploy.kubernetes.rendered import ROOT, Object, of_kind, settings, workloads

SCALED = [name for name in BY_NAME if name != WITNESS.name]
ANY_OF_SOUK = {"matchLabels": {"app.kubernetes.io/part-of": "souk"}}
CONNECTIONS_OF_AN_INSTANCE = 40


def scaler(name: str) -> Object:
    spec: Object = of_kind("production", "HorizontalPodAutoscaler")[name]["spec"]
    return spec


@pytest.mark.parametrize("name", SCALED)
def test_there_are_two_or_more_of_a_process(name):
    deployment = of_kind("production", "Deployment")[name]
    spec = scaler(name)

    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    assert 2 <= spec["minReplicas"] < spec["maxReplicas"]
    # Otherwise each `apply` would undo what the scaler has done.
    assert "replicas" not in deployment["spec"]


@pytest.mark.parametrize("name", SCALED)
def test_a_process_is_scaled_by_a_share_of_what_it_asks_for(name):
    [metric] = scaler(name)["metrics"]
    [container] = of_kind("production", "Deployment")[name]["spec"]["template"]["spec"][
        "containers"
    ]

    assert metric["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}
    assert container["resources"]["requests"]["cpu"] == "500m"


@pytest.mark.parametrize("name", SCALED)
def test_one_instance_at_a_time_may_be_taken_away(name):
    budget = of_kind("production", "PodDisruptionBudget")[name]["spec"]
    [workload] = [one for one in workloads("production") if one.name == name]

    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"].items() <= workload.labels.items()
    assert budget["selector"]["matchLabels"]["app.kubernetes.io/name"] == name


@pytest.mark.parametrize("name", SCALED)
def test_instances_stand_on_different_nodes_and_in_different_zones(name):
    [workload] = [one for one in workloads("production") if one.name == name]
    node, zone = workload.pod["topologySpreadConstraints"]

    assert node["topologyKey"] == "kubernetes.io/hostname"
    assert node["whenUnsatisfiable"] == "DoNotSchedule"
    assert zone["topologyKey"] == "topology.kubernetes.io/zone"
    for constraint in (node, zone):
        assert constraint["maxSkew"] == 1
        assert constraint["labelSelector"] == ANY_OF_SOUK
        assert constraint["matchLabelKeys"] == ["app.kubernetes.io/name", "pod-template-hash"]


def test_the_page_says_how_many_connections_there_may_be_at_most():
    most = sum(scaler(service.name)["maxReplicas"] for service in SERVICES)

    page = (ROOT / "docs/kubernetes.md").read_text()
    assert f"{most * CONNECTIONS_OF_AN_INSTANCE:,} connections" in page


def gateway() -> dict[str, str]:
    [workload] = [one for one in workloads("production") if one.name == "gateway"]
    return settings(workload, workload.containers[0])


def test_hosts_below_the_base_domain_and_tenants_own_domains_lead_to_the_gateway():
    ingresses = of_kind("production", "Ingress")
    base = gateway()["SOUK_BASE_DOMAIN"]

    assert {rule["host"] for rule in ingresses["platform"]["spec"]["rules"]} == {
        base,
        f"*.{base}",
    }
    assert ingresses["tenants-domains"]["spec"]["rules"]
    for ingress in ingresses.values():
        for rule in ingress["spec"]["rules"]:
            [path] = rule["http"]["paths"]
            assert (path["path"], path["pathType"]) == ("/", "Prefix")
            assert path["backend"] == {"service": {"name": "gateway", "port": {"name": "http"}}}


def test_every_host_has_a_certificate():
    for ingress in of_kind("production", "Ingress").values():
        spec = ingress["spec"]
        covered = {host for one in spec["tls"] for host in one["hosts"]}
        assert covered == {rule["host"] for rule in spec["rules"]}
        assert all(one["secretName"] for one in spec["tls"])


def test_an_upload_of_the_largest_size_passes_the_ingress():
    for ingress in of_kind("production", "Ingress").values():
        annotations = ingress["metadata"]["annotations"]
        assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == "16m"


def test_nothing_in_production_is_kept_in_a_pod_but_what_the_witness_saw():
    stateful = [
        workload.name
        for workload in workloads("production")
        if workload.kind == "StatefulSet"
        or any("persistentVolumeClaim" in volume for volume in workload.pod["volumes"])
    ]

    assert stateful == [WITNESS.name]
    assert gateway()["SOUK_UPLOADS"].startswith("s3://")


def test_the_password_of_redis_is_in_a_file():
    assert "SOUK_REDIS" not in gateway()
    assert gateway()["SOUK_REDIS_FILE"] == "/secrets/redis.url"


@pytest.mark.parametrize("name", BY_NAME)
def test_a_process_shows_a_certificate_of_its_own(name):
    [workload] = [one for one in workloads("production") if one.name == name]
    [container] = workload.containers
    spec = of_kind("production", "Certificate")[name]["spec"]

    assert spec["dnsNames"] == [name]
    assert {"server auth", "client auth"} <= set(spec["usages"])
    assert spec["issuerRef"] == {"kind": "Issuer", "name": "authority"}
    secret = workload.volume("tls")["secret"]
    assert secret == {"secretName": spec["secretName"], "defaultMode": 0o440}
    assert {"name": "tls", "mountPath": "/tls", "readOnly": True} in container["volumeMounts"]
    assert settings(workload, container)["SOUK_TLS"] == "/tls"


def test_the_authority_is_of_this_namespace_and_its_key_is_mounted_nowhere():
    authority = of_kind("production", "Certificate")["authority"]["spec"]
    issuer = of_kind("production", "Issuer")["authority"]["spec"]
    mounted = {
        volume["secret"]["secretName"]
        for workload in workloads("production")
        for volume in workload.pod.get("volumes", [])
        if "secret" in volume
    }

    assert authority["isCA"] is True
    assert issuer == {"ca": {"secretName": authority["secretName"]}}
    assert authority["secretName"] not in mounted
