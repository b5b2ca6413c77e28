"""The manifest: its names are those of folders and settings, and its calls make no circle."""

from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from deploy.manifest import BY_NAME, DATABASES, PROCESSES, SERVICES, WITNESS
from deploy.secrets.creation import make_secrets
from tests import settings

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


def test_an_address_of_whom_is_called_is_a_setting():
    called = {BY_NAME[name].address_setting for process in PROCESSES for name in process.calls}

    assert called <= settings.names()


def test_only_the_gateway_vouches_for_everything():
    assert [process.name for process in PROCESSES if "*" in process.vouches_for] == ["gateway"]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_secret_that_a_process_needs_is_made(tmp_path, name):
    make_secrets(tmp_path)

    assert set(BY_NAME[name].needed_secrets) <= {path.name for path in tmp_path.iterdir()}
