"""Backups on Kubernetes: a component that an operator's overlay adds."""

import os
import subprocess

import kubernetes_validate
import pytest
import yaml

from tests.deploy.kubernetes.rendered import KUBECTL, KUBERNETES, of_kind, own_kinds


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    overlay = tmp_path_factory.mktemp("overlay")
    text = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(KUBERNETES / "overlays/production", overlay)],
        "components": [os.path.relpath(KUBERNETES / "backup", overlay)],
        "namespace": "souk",
        "images": [{"name": "souk-backup", "newName": "registry.example/b", "newTag": "0.1.0"}],
    }
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(text))
    done = subprocess.run([KUBECTL, "kustomize", overlay], check=True, stdout=subprocess.PIPE)
    return list(yaml.safe_load_all(done.stdout))


def test_backups_fit_the_schema_of_kubernetes(rendered):
    for one in own_kinds(rendered):
        kubernetes_validate.validate(one, "1.30", strict=True)
        assert one["kind"] == "Namespace" or one["metadata"]["namespace"] == "souk"


def test_the_pod_has_no_rights_and_sees_no_secret_but_its_way_to_postgresql(rendered):
    [pod] = [
        one["spec"]["template"]["spec"]
        for one in rendered
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "backup"
    ]
    [container] = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 999
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["image"] == "registry.example/b:0.1.0"
    secrets = [one["secret"] for one in pod["volumes"] if "secret" in one]
    assert [[item["key"] for item in one["items"]] for one in secrets] == [["postgres-admin.url"]]


def test_only_one_process_writes_into_the_volume(rendered):
    [backup] = [one for one in rendered if one["metadata"]["name"] == "backup" and "spec" in one]

    assert backup["spec"]["replicas"] == 1
    assert backup["spec"]["strategy"] == {"type": "Recreate"}


def test_backups_may_reach_postgresql_as_services_do(rendered):
    [backup] = [one for one in rendered if one["metadata"]["name"] == "backup" and "spec" in one]
    policy = of_kind("production", "NetworkPolicy")["to-postgres"]["spec"]["podSelector"]

    labels = backup["spec"]["template"]["metadata"]["labels"]
    assert policy["matchLabels"].items() <= labels.items()
