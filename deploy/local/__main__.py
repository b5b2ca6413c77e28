"""`python -m deploy.local up|down`, which `make up` and `make down` run."""

import argparse
import os
import signal
import sys

from deploy.local import up
from deploy.local.settings import RunnerSettings
from deploy.local.state import State
from services.kernel.process.settings import load

_STOP_SECONDS = 90.0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local", description="Runs the whole platform on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up_parser = commands.add_parser("up", help="start the platform and run until stopped")
    up_parser.add_argument("--no-seed", action="store_true", help="do not add the demo data")
    commands.add_parser("down", help="stop the platform that `up` started")
    options = parser.parse_args(arguments)
    settings = load(RunnerSettings)
    if options.command == "down":
        return _down(settings)
    return up.run(settings, seed=not options.no_seed)


def _down(settings: RunnerSettings) -> int:
    state = State(settings.state)
    holder = state.holder()
    if holder is None:
        print(
            f"souk: nothing runs with the state folder {state.folder}. To stop a platform with"
            " another folder, run SOUK_STATE=<folder> make down"
        )
        return 0
    os.kill(holder, signal.SIGTERM)
    if not state.wait_for_release(_STOP_SECONDS):
        print(f"souk: process {holder} did not stop; see its logs in {state.logs}")
        return 1
    print("souk: stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
