"""`python -m gateway.cli up|down|seed|audit`."""

import argparse
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.local.settings import RunnerSettings

_STOP_SECONDS = 90.0


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["seed"]:
        from gateway.cli.seed import main as seed

        return seed(arguments[1:])
    if arguments[:1] == ["audit"]:
        from gateway.cli.audit import main as audit

        return audit(arguments[1:])
    return _platform(arguments)


def _platform(arguments: list[str]) -> int:
    # Imported here only: verifying an export does not need these, and may run without them.
    from deploy.local import up
    from deploy.local.settings import RunnerSettings
    from services.kernel.process.settings import load

    parser = argparse.ArgumentParser(
        prog="souk", description="Runs the whole platform on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="up|down|seed|audit")
    starting = commands.add_parser("up", help="start the platform and run until stopped")
    starting.add_argument("--no-seed", action="store_true", help="do not add the demo data")
    commands.add_parser("down", help="stop the platform that `up` started")
    commands.add_parser("seed", help="add the demo data to a running platform")
    commands.add_parser("audit", help="verify an export of a tenant's audit log offline")
    chosen = parser.parse_args(arguments)
    settings = load(RunnerSettings)
    if chosen.command == "down":
        return _down(settings)
    return up.run(settings, seed=not chosen.no_seed)


def _down(settings: "RunnerSettings") -> int:
    from deploy.local.state import State

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
