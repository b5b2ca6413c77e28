"""Times in messages, as aware datetimes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from souk.kernel.v1.times_pb2 import TimeRange

from services.kernel.call.errors import invalid

_MILLISECOND = timedelta(milliseconds=1)
_LAST = datetime.max.replace(tzinfo=UTC)


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


def message_of(at: datetime) -> Timestamp:
    """Writes an aware time."""
    message = Timestamp()
    message.FromDatetime(at.astimezone(UTC))
    return message


def bounds(message: TimeRange) -> Iterator[tuple[str, datetime]]:
    """Yields `from` and when, and `before` and when, each if there is such a bound.

    Clients read milliseconds of what is stored in microseconds: to them, what is stored within one
    millisecond happened at the same time.

    Raises:
        InvalidArgument: TIME_INVALID, no calendar has the time.
    """
    starts, ends = [], []
    for field, _ in message.ListFields():
        moment = read(message, field.name)
        if moment is None:
            continue
        start = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        # No time is after the last millisecond of all.
        after = start + min(_MILLISECOND, _LAST - start)
        match field.name:
            case "eq":
                starts.append(start)
                ends.append(after)
            case "gt":
                starts.append(after)
            case "gte":
                starts.append(start)
            case "lt":
                ends.append(start)
            case "lte":
                ends.append(after)
    if starts:
        yield "from", max(starts)
    if ends:
        yield "before", min(ends)
