"""The overlays of deploy/kubernetes as kubectl renders them."""

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
KUBERNETES = ROOT / "deploy/kubernetes"
KUBECTL = Path(sys.executable).with_name("kubectl")
OVERLAYS = ("local", "production")
NAME = "app.kubernetes.io/name"
_LASTING = ("Deployment", "StatefulSet")

Object = dict[str, Any]
"""An object of Kubernetes, as YAML has it."""


@dataclass(frozen=True)
class Workload:
    """A Deployment, StatefulSet or Job, and the pod that it makes."""

    overlay: str
    manifest: Object

    @property
    def kind(self) -> str:
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def template(self) -> Object:
        template: Object = self.manifest["spec"]["template"]
        return template

    @property
    def pod(self) -> Object:
        pod: Object = self.template["spec"]
        return pod

    @property
    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = self.template["metadata"]["labels"]
        return labels

    @property
    def containers(self) -> list[Object]:
        """All of them in the order in which they start."""
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    @property
    def stays(self) -> bool:
        return self.kind in _LASTING

    def volume(self, name: str) -> Object:
        """Finds one of the pod's volumes; a claim of a StatefulSet's own is one, too."""
        claims = self.manifest["spec"].get("volumeClaimTemplates", [])
        named = {claim["metadata"]["name"]: {"claim": claim["spec"]} for claim in claims}
        named |= {volume["name"]: volume for volume in self.pod.get("volumes", [])}
        return named[name]

    def __str__(self) -> str:
        return f"{self.overlay}-{self.name}"


@cache
def objects(overlay: str) -> tuple[Object, ...]:
    rendered = subprocess.run(
        [KUBECTL, "kustomize", KUBERNETES / "overlays" / overlay],
        check=True,
        stdout=subprocess.PIPE,
    )
    return tuple(yaml.safe_load_all(rendered.stdout))


def own_kinds(rendered: Iterable[Object]) -> list[Object]:
    """Leaves out what cert-manager adds to Kubernetes, of which there are no schemas."""
    return [one for one in rendered if not one["apiVersion"].startswith("cert-manager.io/")]


def of_kind(overlay: str, *kinds: str) -> dict[str, Object]:
    """Finds an overlay's objects of these kinds, by name."""
    found = (one for one in objects(overlay) if one["kind"] in kinds)
    return {one["metadata"]["name"]: one for one in found}


def workloads(*overlays: str) -> list[Workload]:
    return [
        Workload(overlay, one)
        for overlay in overlays or OVERLAYS
        for one in of_kind(overlay, *_LASTING, "Job").values()
    ]


def settings(workload: Workload, container: Object) -> dict[str, str]:
    """Tells which environment a container gets."""
    maps = of_kind(workload.overlay, "ConfigMap")
    environment: dict[str, str] = {}
    for source in container.get("envFrom", []):
        environment |= maps[source["configMapRef"]["name"]]["data"]
    return environment | {one["name"]: one["value"] for one in container.get("env", [])}
