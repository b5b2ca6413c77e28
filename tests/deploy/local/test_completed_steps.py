"""A step is done once for each embedded cluster, and each time for a database elsewhere."""

import sys

import pytest

from deploy.local.completed_steps import Mark
from deploy.local.platform import LocalPlatform
from deploy.local.processes import Program
from deploy.local.settings import RunnerSettings


@pytest.mark.parametrize(
    ("admin", "runs"), [(None, [True, False]), ("postgresql://x/y", [True, True])]
)
async def test_a_step_is_done_once_for_an_embedded_cluster_only(tmp_path, admin, runs):
    settings = RunnerSettings(state=tmp_path / "state", port=0, postgres_admin=admin)
    platform = LocalPlatform(settings)
    platform.state.acquire()
    if admin is None:
        (platform.state.folder / "postgres").mkdir()
    step = Program("step", (sys.executable, "-c", ""), {}, tmp_path)

    done = [await platform._run_once("step", step, source="paris lyon") for _ in range(2)]
    platform.state.release()

    assert done == runs


def test_a_step_from_another_source_is_to_be_done_again(tmp_path):
    Mark(tmp_path, "seed", source="paris").set()

    assert Mark(tmp_path, "seed", source="paris").is_set()
    assert not Mark(tmp_path, "seed", source="paris and lyon").is_set()
