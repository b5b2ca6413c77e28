"""Wraps every RPC: verifies the scope, checks permission, sets a deadline, translates errors."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

import grpc
from google.protobuf.message import Message
from grpc_status import rpc_status

from services.kernel.call import limits, recorded_events
from services.kernel.call.credentials import METADATA_KEY, REQUEST_ID_KEY, Verifier
from services.kernel.call.errors import (
    DeadlineExceeded,
    Internal,
    InvalidArgument,
    PermissionDenied,
    ServiceError,
    Unauthenticated,
    Unavailable,
    to_status,
)
from services.kernel.call.method_rules import Rule
from services.kernel.call.mutual_tls import is_peer
from services.kernel.call.scope import Scope, bound, current_scope
from services.kernel.call.text import clean
from services.kernel.evidence.denials import Denial, Denials, named_resource
from services.kernel.process.logs import logger

# The longest that any call may take, even without a deadline of its own.
LONGEST_SECONDS = 10.0
# They reveal nothing about tenants, and probes cannot sign a scope.
_UNGUARDED = ("/grpc.health.v1.Health/", "/grpc.reflection.")

_log = logger()
Behaviour = Callable[[Any, Any], Awaitable[Any]]


class Guard(grpc.aio.ServerInterceptor):
    """Guards every method of a service; a method without a rule is refused.

    `check_caller` refuses callers whom only the service can tell from those of today.
    """

    def __init__(
        self,
        rules: Mapping[str, Rule],
        verifier: Verifier,
        denials: Denials,
        check_caller: Callable[[], Awaitable[None]],
        *,
        has_certificates: bool = False,
    ) -> None:
        self._rules = rules
        self._check_caller = check_caller
        self._has_certificates = has_certificates
        self._verifier = verifier
        self._denials = denials

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(details)
        if handler is None or details.method.startswith(_UNGUARDED):
            return handler
        return grpc.unary_unary_rpc_method_handler(
            self._guarded(details.method, handler.unary_unary),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _guarded(self, method: str, behaviour: Behaviour) -> Behaviour:
        rule = self._rules.get(method)

        async def serve(request: Message, context: Any) -> Any:
            started = time.perf_counter()
            try:
                scope = self._identify(context)
            except ServiceError as error:
                _log.warning("call_refused", method=method[1:], reason=error.reason)
                return await _abort(context, error)
            with bound(scope, method[1:]), recorded_events.collecting() as event_names:
                checked = _with_checks(behaviour, rule, scope, self._check_caller)
                answer, failure = await _outcome(checked, request, context)
                if isinstance(failure, PermissionDenied):
                    failure = await self._recorded(request, failure)
                elapsed_ms = round((time.perf_counter() - started) * 1000, 1)
                if failure is None:
                    if event_names:
                        trailer = (
                            (recorded_events.METADATA_KEY, recorded_events.encode(event_names)),
                        )
                        context.set_trailing_metadata(trailer)
                    _log.debug("call_served", ms=elapsed_ms)
                    return answer
                _log.info(
                    "call_failed", ms=elapsed_ms, reason=failure.reason, code=failure.code.name
                )
                return await _abort(context, failure)

        return serve

    async def _recorded(self, request: Message, refusal: PermissionDenied) -> ServiceError:
        """Records a refusal before it is sent; if it cannot be recorded, it is not sent."""
        try:
            # A request that names no resource is about the caller's own account.
            resource = named_resource(request) or current_scope().actor
            await self._denials.record(Denial(resource, refusal.reason))
        except Exception:
            _log.exception("denial_unrecorded", reason=refusal.reason)
            return Unavailable(
                "DENIAL_UNRECORDED", "The response could not be recorded. Retry later."
            )
        return refusal

    def _identify(self, context: Any) -> Scope:
        metadata = _metadata(context)
        token = metadata.get(METADATA_KEY)
        if token is None:
            raise Unauthenticated("SCOPE_INVALID", "The call carries no valid scope.")
        if self._has_certificates:
            scope = self._verifier.verify(token, partial(is_peer, context))
        else:
            scope = self._verifier.verify(token)
        # It is not signed, and goes into logs and events: none of ours is longer.
        request_id = metadata.get(REQUEST_ID_KEY, "")[:64]
        return replace(scope, request_id=request_id)


def _metadata(context: Any) -> dict[str, str]:
    """Reads the call's metadata; a repeated scope or request id is refused."""
    found: dict[str, str] = {}
    for key, value in context.invocation_metadata() or ():
        if key in (METADATA_KEY, REQUEST_ID_KEY):
            if key in found:
                raise InvalidArgument(
                    "METADATA_REPEATED", f"The metadata key {key} must be sent once."
                )
            found[key] = value
    return found


def _with_checks(
    behaviour: Behaviour,
    rule: Rule | None,
    scope: Scope,
    check_caller: Callable[[], Awaitable[None]],
) -> Behaviour:
    """Checks the caller first, so that a refused one learns nothing about the request."""

    async def serve(request: Message, context: Any) -> Any:
        if rule is None:
            raise PermissionDenied("METHOD_CLOSED", "No caller is allowed to use this method.")
        rule.check(scope)
        await check_caller()
        clean(request)
        limits.check(request)
        return await behaviour(request, context)

    return serve


async def _outcome(
    behaviour: Behaviour, request: Message, context: Any
) -> tuple[Any, ServiceError | None]:
    try:
        async with asyncio.timeout(
            min(context.time_remaining() or LONGEST_SECONDS, LONGEST_SECONDS)
        ):
            return await behaviour(request, context), None
    except ServiceError as error:
        return None, error
    except TimeoutError:
        return None, DeadlineExceeded("DEADLINE_EXCEEDED", "The call took too long. Retry later.")
    except Exception:
        # Its text stays in the log: it may quote a secret, or a row of another tenant.
        _log.exception("call_broke")
        return None, Internal("INTERNAL", "An internal error occurred.")


async def _abort(context: Any, error: ServiceError) -> NoReturn:
    await context.abort_with_status(rpc_status.to_status(to_status(error)))
    raise AssertionError("abort_with_status raises")
