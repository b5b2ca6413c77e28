"""Who may talk to whom by the policies, compared with the arrows of docs/architecture.md."""

from typing import Any

import pytest

from deploy.manifest import BY_NAME, GATEWAY, INTERNAL_PORT, PROCESSES, SERVICES
from tests.deploy.kubernetes.rendered import NAME, OVERLAYS, Workload, of_kind, workloads

Arrow = tuple[str, str, int]
"""From whom, to whom, at which port; `outside` is what is not a pod of ours."""


def selects(selector: dict[str, Any], workload: Workload) -> bool:
    labels = workload.labels
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    expressions = selector.get("matchExpressions", [])
    assert all(one["operator"] == "In" for one in expressions)
    return all(labels.get(one["key"]) in one["values"] for one in expressions)


def allowed(overlay: str, direction: str) -> set[Arrow]:
    """Reads the policies of one direction: what each pod may send, or receive."""
    pods, found = workloads(overlay), set()
    for policy in of_kind(overlay, "NetworkPolicy").values():
        for rule in policy["spec"].get(direction, []):
            peers = rule.get("to" if direction == "egress" else "from", [{}])
            ports = [one["port"] for one in rule["ports"]]
            others = {
                pod.name
                for peer in peers
                for pod in pods
                if peer.keys() == {"podSelector"} and selects(peer["podSelector"], pod)
            }
            if any(peer.keys() != {"podSelector"} for peer in peers):
                others.add("outside")
            for pod in pods:
                if selects(policy["spec"]["podSelector"], pod):
                    found |= {(pod.name, other, port) for other in others for port in ports}
    return found if direction == "egress" else {(to, at, port) for at, to, port in found}


def arrows() -> set[Arrow]:
    """The arrows between processes, as docs/architecture.md draws them."""
    return {
        (process.name, called, BY_NAME[called].port)
        for process in PROCESSES
        for called in process.calls
    }


def stores(overlay: str) -> set[Arrow]:
    postgres, redis = ("postgres", "valkey") if overlay == "local" else ("outside", "outside")
    users = [*(service.name for service in SERVICES), "databases"]
    return {(name, postgres, 5432) for name in users} | {(GATEWAY.name, redis, 6379)}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_is_allowed_that_no_policy_names(overlay):
    nothing = of_kind(overlay, "NetworkPolicy")["nothing"]["spec"]

    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_send_along_the_arrows_and_nowhere_else(overlay):
    expected = arrows() | stores(overlay)
    expected |= {("keys", "outside", port) for port in (443, 6443)}
    expected |= {(one.name, "outside", 53) for one in workloads(overlay)}
    if overlay == "local":
        expected.add(("seed", "gateway", 8000))
    else:  # the bucket; mail, and providers of identities and payments
        expected.add(("gateway", "outside", 443))
        expected |= {
            (name, "outside", port)
            for name in ("tenant-registry", "commerce")
            for port in (443, 465, 587)
        }

    assert allowed(overlay, "egress") == expected


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_receive_along_the_arrows_and_from_nobody_else(overlay):
    expected = arrows() | {("outside", GATEWAY.name, GATEWAY.port)}
    expected |= {arrow for arrow in stores(overlay) if arrow[1] != "outside"}
    if overlay == "production":  # Prometheus
        expected |= {("outside", one.name, INTERNAL_PORT) for one in workloads(overlay)}

    assert allowed(overlay, "ingress") == expected


def test_the_gateway_is_reached_through_the_ingress_alone_in_production():
    [rule] = of_kind("production", "NetworkPolicy")["gateway"]["spec"]["ingress"]

    [peer] = rule["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "ingress-nginx"
    }


def test_policies_for_the_internet_leave_out_private_networks():
    for policy in of_kind("production", "NetworkPolicy").values():
        for rule in policy["spec"].get("egress", []):
            for peer in rule.get("to", []):
                block = peer.get("ipBlock", {"cidr": "192.0.2.0/24"})
                assert block["cidr"] != "0.0.0.0/0" or len(block["except"]) == 4


def test_a_label_that_opens_a_store_is_borne_by_those_who_use_it():
    for overlay in OVERLAYS:
        for workload in workloads(overlay):
            assert workload.labels[NAME] == workload.name
