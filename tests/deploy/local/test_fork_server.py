"""What tests start are forks; they must be what a person starts."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from deploy.local import health, ports
from deploy.local.processes import Child, Program, start
from deploy.secrets.creation import make_secrets
from tests.faults.injections import wait_until_ended
from tests.fork_server import ForkServers

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux only")


def witness(**settings):
    arguments = (sys.executable, "-m", "services.witness")
    return Program("witness", arguments, os.environ | settings, ROOT)


def run(program):
    return subprocess.run(
        program.arguments, env=program.environment, cwd=ROOT, capture_output=True, text=True
    )


async def test_a_fork_ends_as_a_new_process_does(tmp_path):
    program = witness(SOUK_LISTEN="nowhere")
    new = run(program)

    fork = await start(program, tmp_path / "log")

    assert await fork.process.wait() == new.returncode == 2
    assert (tmp_path / "log").read_text() == new.stdout + new.stderr


async def test_a_fork_ends_with_the_test_run(tmp_path):
    make_secrets(tmp_path)
    address, internal = (f"127.0.0.1:{port}" for port in ports.free(2))
    program = witness(
        SOUK_LISTEN=address,
        SOUK_INTERNAL_LISTEN=internal,
        SOUK_SECRETS=str(tmp_path),
        SOUK_WITNESS_FILE=str(tmp_path / "witness"),
    )
    servers = ForkServers()
    try:
        with (tmp_path / "log").open("wb") as output:
            fork = await servers.spawn(program, output)
        child = Child(program, tmp_path / "log", fork)
        await health.wait(child, partial(health.is_ready, program))
    finally:
        servers.stop()

    await wait_until_ended([fork.pid])
    assert await fork.wait() == -signal.SIGKILL
