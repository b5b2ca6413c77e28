"""Channels to services: deadlines, reads retried within a budget, signed scopes."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import grpc
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from services.kernel.call import recorded_events
from services.kernel.call.credentials import METADATA_KEY, REQUEST_ID_KEY, Signer
from services.kernel.call.mutual_tls import RenewedChannel
from services.kernel.call.scope import current_scope
from services.kernel.process.certificates import Certificate
from services.kernel.process.secret_files import Secret

CALL_SECONDS = 5.0
TAKES_CALLS = "takes-calls"
"""The health service's name for whether this instance accepts new calls.

Not "", which follows the database: an instance must itself answer that its database is busy.
"""
_MIN_TIMEOUT_SECONDS = 0.001
_OPTIONS = (
    # A connection that died silently is dropped within 15 seconds.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # gRPC sends no second ping while one is unanswered, and waits a minute for it by default: a
    # connection that died during calls would stay in use for that long.
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A page of 200 products of maximum size; gRPC's default is 4 MiB.
    ("grpc.max_receive_message_length", 128 * 1024 * 1024),
)
# Without the budget, retries made an outage four times worse; with it, 1.5 %.
_RETRY = {
    "maxAttempts": 3,
    "initialBackoff": "0.05s",
    "maxBackoff": "0.5s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_BUDGET = {"maxTokens": 10, "tokenRatio": 0.1}

_deadline: ContextVar[float] = ContextVar("souk_deadline")


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Limits all calls made in the block to this many seconds in total."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def channel(
    target: str,
    *,
    signer: Signer,
    audience: str,
    contract: Iterable[FileDescriptor],
    certificate: Secret[Certificate] | None = None,
) -> grpc.aio.Channel:
    """Opens a channel to the service `audience`, whose services `contract` describes.

    With a certificate it is over mutual TLS.

    Calls go round-robin to all instances that `target` names, except one that is about to stop: a
    stopping server answers CANCELLED, which does not say whether the call was begun.
    """
    config = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": TAKES_CALLS},
        "methodConfig": [{"name": list(_reads(contract)), "retryPolicy": _RETRY}],
        "retryThrottling": _BUDGET,
    }
    options = (*_OPTIONS, ("grpc.service_config", json.dumps(config)))
    made: Any
    if certificate is None:
        made = grpc.aio.insecure_channel(target, options=options)
    else:
        made = RenewedChannel(target, audience=audience, certificate=certificate, options=options)
    vars(made)["unary_unary"] = _signing(made.unary_unary, signer, audience)
    opened: grpc.aio.Channel = made
    return opened


def _reads(contract: Iterable[FileDescriptor]) -> Iterator[dict[str, str]]:
    for file in contract:
        for service in file.services_by_name.values():
            for method in service.methods:
                if method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS:
                    yield {"service": service.full_name, "method": method.name}


def _signing(unary_unary: Callable[..., Any], signer: Signer, audience: str) -> Callable[..., Any]:
    """Makes what stubs make their methods with: each call is signed with the bound scope.

    An interceptor would do the same for a task, and half as much again of a call's time.
    """

    def method(name: str, *args: object, **options: object) -> Callable[..., Any]:
        start = unary_unary(name, *args, **options)

        async def call(
            request: object,
            *,
            timeout: float | None = None,  # noqa: ASYNC109  # as stubs have it
            wait_for_ready: bool | None = None,
        ) -> Any:
            scope = current_scope()
            metadata = grpc.aio.Metadata(
                (METADATA_KEY, signer.sign(scope, audience)),
                (REQUEST_ID_KEY, scope.request_id),
            )
            started = start(
                request,
                timeout=_remaining(timeout),
                metadata=metadata,
                wait_for_ready=wait_for_ready,
            )
            try:
                answer = await started
            except grpc.aio.AioRpcError as error:
                _collect(error.trailing_metadata())
                raise
            if recorded_events.is_collecting():
                _collect(await started.trailing_metadata())
            return answer

        return call

    return method


def _collect(trailing: Iterable[tuple[str, Any]] | None) -> None:
    """Collects the names of events that a call reports when it ends."""
    for key, value in trailing or ():
        if key == recorded_events.METADATA_KEY:
            recorded_events.collect(recorded_events.decode(value))


def _remaining(requested: float | None) -> float:
    """Returns the timeout that the call asked for, capped at what the request has left.

    With nothing left the call still gets a moment, in which it fails like any late call.
    """
    timeout = CALL_SECONDS if requested is None else requested
    remaining = _deadline.get(float("inf")) - time.monotonic()
    return max(min(timeout, remaining), _MIN_TIMEOUT_SECONDS)
