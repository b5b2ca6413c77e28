"""The one family of errors that crosses the wire, and its two translations."""

from collections.abc import Mapping
from itertools import islice
from typing import ClassVar

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

DOMAIN = "souk.dev"
# A trailer holds 8 KiB: who has more to mend than this asks again.
_MOST_VIOLATIONS = 10


class ServiceError(Exception):
    """An outcome that a caller can act on.

    `reason` is what clients switch on, `message` is a sentence for people, `metadata` are the
    values in that sentence, `violations` say per field what is wrong with a request.
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
        self.violations = dict(violations or {})
        self.metadata = metadata


def sentence(violations: Mapping[str, str]) -> str:
    """Writes violations as one sentence: each field and what is wrong with it."""
    return "; ".join(f"{field} {text}" for field, text in violations.items()) + "."


class InvalidArgument(ServiceError):
    """The request is wrong whatever the state of the world."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class Unauthenticated(ServiceError):
    """Nobody knows who is calling."""

    code = grpc.StatusCode.UNAUTHENTICATED


class PermissionDenied(ServiceError):
    """The caller is known and may not."""

    code = grpc.StatusCode.PERMISSION_DENIED


class NotFound(ServiceError):
    """There is no such thing, or not for this caller."""

    code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(ServiceError):
    """The name is taken."""

    code = grpc.StatusCode.ALREADY_EXISTS


class Aborted(ServiceError):
    """Somebody else was faster: read again, then retry."""

    code = grpc.StatusCode.ABORTED


class FailedPrecondition(ServiceError):
    """The state of the world forbids it; a retry alone will not help."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class ResourceExhausted(ServiceError):
    """Too much, too often or too big."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Unavailable(ServiceError):
    """A part that is needed does not answer; a retry later may help."""

    code = grpc.StatusCode.UNAVAILABLE


class DeadlineExceeded(ServiceError):
    """It took too long; whether it was done is not known."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class Internal(ServiceError):
    """A fault of ours; the cause is in the logs, under the request id."""


_BY_CODE: dict[grpc.StatusCode, type[ServiceError]] = {
    kind.code: kind for kind in ServiceError.__subclasses__()
}


# A stream that is reset while a connection closes has one of these; a service of ours that says one
# says more with it.
_OF_THE_WIRE = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)


def to_status(error: ServiceError) -> status_pb2.Status:
    """Packs an error for the trailer: ErrorInfo always, BadRequest when fields are at fault."""
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
                    for field, text in islice(error.violations.items(), _MOST_VIOLATIONS)
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
    """Rebuilds the error that a service raised, or the nearest one for a failure of the wire."""
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
