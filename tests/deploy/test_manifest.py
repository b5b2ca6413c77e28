"""The manifest: its names are those of folders and settings, and its calls make no circle."""

from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from deploy.manifest import BY_NAME, DATABASES, PROCESSES, SERVICES, WITNESS
from deploy.secrets.creation import make_secrets
from gateway.settings import GatewaySettings
from services.audit.settings import AuditSettings
from services.kernel.process.settings import ServiceSettings, SoukSettings

ROOT = Path(__file__).resolve().parents[2]


def test_a_service_bears_one_name_everywhere():
    for service in SERVICES:
        assert service.module == f"services.{service.database}"
        assert (ROOT / "services" / service.database / "migrations").is_dir()
        assert list((ROOT / "protos/souk" / service.database).rglob("*.proto"))


def test_every_folder_that_runs_is_in_the_manifest():
    folders = {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}

    assert folders == {*DATABASES, WITNESS.name}


def test_calls_go_to_processes_of_the_manifest_and_in_no_circle():
    graph = {process.name: {*process.calls} - {process.name} for process in PROCESSES}

    order = list(TopologicalSorter(graph).static_order())

    assert set(order) == set(BY_NAME)
    assert order[-1] == "gateway"


def test_the_gateway_and_services_take_the_addresses_of_whom_they_call():
    kinds: dict[str, list[type[SoukSettings]]] = {
        service.name: [ServiceSettings] for service in SERVICES
    }
    kinds |= {"audit": [ServiceSettings, AuditSettings], "gateway": [GatewaySettings]}

    for name, settings in kinds.items():
        fields = {f"SOUK_{field.upper()}" for kind in settings for field in kind.model_fields}
        assert {BY_NAME[called].address_setting for called in BY_NAME[name].calls} <= fields


def test_only_the_gateway_vouches_for_everything():
    assert [process.name for process in PROCESSES if "*" in process.vouches_for] == ["gateway"]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_secret_that_a_process_needs_is_made(tmp_path, name):
    make_secrets(tmp_path)

    assert set(BY_NAME[name].needed_secrets) <= {path.name for path in tmp_path.iterdir()}
