"""The errors that cross the wire, and their translation to and from gRPC."""

from collections.abc import Mapping
from itertools import islice
from typing import ClassVar

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

DOMAIN = "souk.dev"
# A trailer holds 8 KiB; further violations show up on the next attempt.
_MOST_VIOLATIONS = 10


class ServiceError(Exception):
    """An outcome that a caller can act on.

    Clients switch on `reason`; `message` is a sentence for people, `metadata` holds the values in
    it, and `violations` says what is wrong with each field of the request.
    """

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL

    def __init__(
        self,
        reason: str,
        message: str,
        violations: Mapping[str, str] | None = None,
        **metadata: str,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.violations = dict(islice((violations or {}).items(), _MOST_VIOLATIONS))
        self.metadata = metadata


def sentence(violations: Mapping[str, str]) -> str:
    """Writes violations as one sentence: each field and what is wrong with it."""
    first = islice(violations.items(), _MOST_VIOLATIONS)
    return "; ".join(f"{field} {text}" for field, text in first) + "."


class InvalidArgument(ServiceError):
    """The request is invalid in any state of the system."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class Unauthenticated(ServiceError):
    """The caller is not known."""

    code = grpc.StatusCode.UNAUTHENTICATED


class PermissionDenied(ServiceError):
    """The caller is known but not allowed."""

    code = grpc.StatusCode.PERMISSION_DENIED


class NotFound(ServiceError):
    """The resource does not exist, or not for this caller."""

    code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(ServiceError):
    """The name is taken."""

    code = grpc.StatusCode.ALREADY_EXISTS


class Aborted(ServiceError):
    """A concurrent request won: read again, then retry."""

    code = grpc.StatusCode.ABORTED


class FailedPrecondition(ServiceError):
    """The current state forbids it; a retry alone will not help."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class ResourceExhausted(ServiceError):
    """Too much, too often or too big."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Unavailable(ServiceError):
    """A required component does not respond; a later retry may help."""

    code = grpc.StatusCode.UNAVAILABLE


class DeadlineExceeded(ServiceError):
    """The call took too long; whether it took effect is unknown."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class Internal(ServiceError):
    """An internal fault; its cause is logged under the request id."""


def invalid(reason: str, violations: Mapping[str, str]) -> InvalidArgument:
    """Returns the error of a request whose fields are wrong; its message lists them."""
    return InvalidArgument(reason, sentence(violations), violations)


def conflict() -> Aborted:
    """Returns the error of a request that another one at the same time got in the way of."""
    return Aborted("CONFLICT", "Another request is changing the same resource. Retry.")


_BY_CODE: dict[grpc.StatusCode, type[ServiceError]] = {
    kind.code: kind for kind in ServiceError.__subclasses__()
}


# A stream that is reset while its connection closes has one of these codes; our own services send
# details along with them.
_OF_THE_WIRE = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)


def to_status(error: ServiceError) -> status_pb2.Status:
    """Packs an error for the trailer: ErrorInfo always, BadRequest if fields are invalid."""
    status = status_pb2.Status(
        code=code_pb2.Code.Value(error.code.name),
        message=error.message,
    )
    info = error_details_pb2.ErrorInfo(
        reason=error.reason, domain=DOMAIN, metadata={k: str(v) for k, v in error.metadata.items()}
    )
    _pack(status, info)
    if error.violations:
        _pack(
            status,
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(field=field, description=text)
                    for field, text in error.violations.items()
                ]
            ),
        )
    return status


def _pack(
    status: status_pb2.Status,
    detail: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest,
) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    status.details.append(packed)


def from_rpc(error: grpc.aio.AioRpcError) -> ServiceError:
    """Rebuilds the error that a service raised, or the closest one for a transport failure."""
    info, violations = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # an AioRpcError is call enough
    for detail in status.details if status is not None else ():
        detail.Unpack(info)
        detail.Unpack(violations)
    is_of_the_wire = status is None and error.code() in _OF_THE_WIRE
    kind = Unavailable if is_of_the_wire else _BY_CODE.get(error.code(), Internal)
    return kind(
        info.reason or kind.code.name,
        error.details() or "The service did not respond.",
        {v.field: v.description for v in violations.field_violations},
        **info.metadata,
    )
