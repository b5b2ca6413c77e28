"""Times in requests, as aware datetimes."""

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.kernel.call.errors import invalid


def read(message: Message, field: str, *, reason: str = "TIME_INVALID") -> datetime | None:
    """Reads a Timestamp field in UTC; None if it is not set.

    Raises:
        InvalidArgument: with this reason, no calendar has the time.
    """
    if not message.HasField(field):
        return None
    timestamp: Timestamp = getattr(message, field)
    try:
        return timestamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise invalid(reason, {field: "is not a valid time"}) from None
