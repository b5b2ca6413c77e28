"""Checks if the process of this container is ready: `python -m deploy.probe [--wait SECONDS]`.

It asks at SOUK_INTERNAL_LISTEN. The exit status is 0 if the process is ready; otherwise it is 1,
and one line says why.
"""

import argparse
import os
import sys
import time
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from deploy.manifest import INTERNAL_PORT

_TRY_SECONDS = 2.0
_PAUSE_SECONDS = 0.2
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - where we ask, not listen


def problem_of(address: str) -> str:
    """Returns why the process with this SOUK_INTERNAL_LISTEN is not ready; empty if it is."""
    host, _, port = address.rpartition(":")
    url = f"http://{_EVERYWHERE.get(host, host)}:{port}/readyz"
    direct = build_opener(ProxyHandler({}))  # ignores the environment's proxy
    try:
        with direct.open(url, timeout=_TRY_SECONDS):
            return ""
    except HTTPError as error:
        return f"{url} returned {error.code}: {error.read(1000).decode(errors='replace')}"
    except OSError as error:
        return f"{url} does not respond: {error}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.probe")
    parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS")
    ends = time.monotonic() + parser.parse_args().wait
    address = os.environ.get("SOUK_INTERNAL_LISTEN", f"127.0.0.1:{INTERNAL_PORT}")
    while (problem := problem_of(address)) and time.monotonic() < ends:
        time.sleep(_PAUSE_SECONDS)
    if problem:
        sys.stderr.write(f"souk: {problem}\n")
    return 1 if problem else 0


if __name__ == "__main__":
    raise SystemExit(main())
