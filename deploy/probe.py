"""Checks if a process is ready: `python -m deploy.probe [--wait SECONDS] TARGET`.

TARGET is host:port for a gRPC service, or the URL of a gateway's /readyz. The exit status is 0 if
it is ready; otherwise it is 1, and one line says why.
"""

import argparse
import sys
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

_TRY_SECONDS = 2.0
_PAUSE_SECONDS = 0.2


def problem_of(target: str) -> str:
    """Returns why `target` does not serve; empty if it does."""
    if target.startswith("http"):
        return _problem_over_http(target)
    return _problem_over_grpc(target)


def _problem_over_http(url: str) -> str:
    direct = build_opener(ProxyHandler({}))  # ignores the environment's proxy
    try:
        with direct.open(url, timeout=_TRY_SECONDS):
            return ""
    except HTTPError as error:
        return f"{url} returned {error.code}"
    except OSError as error:
        return f"{url} does not respond: {error}"


def _problem_over_grpc(target: str) -> str:
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    options = (("grpc.enable_http_proxy", 0),)
    with grpc.insecure_channel(target, options=options) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)  # its type stubs lack the methods
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=_TRY_SECONDS)
        except grpc.RpcError as error:
            return f"{target} does not respond: {error.code().name}"
    name = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    return "" if name == "SERVING" else f"{target} reports {name}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.probe")
    parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("target", metavar="TARGET")
    arguments = parser.parse_args()
    ends = time.monotonic() + arguments.wait
    while (problem := problem_of(arguments.target)) and time.monotonic() < ends:
        time.sleep(_PAUSE_SECONDS)
    if problem:
        sys.stderr.write(f"souk: {problem}\n")
    return 1 if problem else 0


if __name__ == "__main__":
    raise SystemExit(main())
