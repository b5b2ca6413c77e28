"""What crosses the wire as an error, and what the wire itself says when it breaks."""

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from grpc_status import rpc_status

from services.kernel.call.errors import (
    Internal,
    NotFound,
    ServiceError,
    Unavailable,
    from_rpc,
    invalid,
    to_status,
)


def received(error: ServiceError) -> AioRpcError:
    """Makes what a client gets when a service raises this."""
    status = rpc_status.to_status(to_status(error))
    return AioRpcError(status.code, Metadata(), Metadata(*status.trailing_metadata), status.details)


@pytest.mark.parametrize("error", [NotFound("NOT_FOUND", "no"), Internal("INTERNAL", "internal")])
def test_an_error_of_a_service_arrives_as_it_was_raised(error):
    found = from_rpc(received(error))

    assert (type(found), found.reason, found.message) == (type(error), error.reason, error.message)


def test_an_error_of_many_fields_names_the_first_ten_twice_and_fits_a_trailer():
    error = invalid("MANY", {f"field_{number}": "is wrong" for number in range(1000)})

    assert from_rpc(received(error)).violations.keys() == {
        f"field_{number}" for number in range(10)
    }
    assert error.message.count("is wrong") == 10
    assert to_status(error).ByteSize() < 8192


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN])
def test_a_stream_that_is_reset_is_no_fault_of_a_service(code):
    reset = AioRpcError(code, Metadata(), Metadata(), "Received RST_STREAM with error code 2")

    found = from_rpc(reset)

    assert (type(found), found.reason) == (Unavailable, "UNAVAILABLE")
