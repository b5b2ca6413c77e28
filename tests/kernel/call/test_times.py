"""Conditions on times: read into bounds that no calendar lacks."""

from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from souk.kernel.v1.times_pb2 import TimeRange

from services.kernel.call import times
from services.kernel.call.errors import InvalidArgument

NOON = datetime(2026, 11, 25, 12, 0, 0, 123_000, UTC)
NEXT = NOON + timedelta(milliseconds=1)
LAST = datetime.max.replace(tzinfo=UTC)


def bounds(**conditions):
    message = TimeRange()
    for name, moment in conditions.items():
        getattr(message, name).FromDatetime(moment)
    return dict(times.bounds(message))


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({}, {}),
        ({"eq": NOON}, {"from": NOON, "before": NEXT}),
        ({"eq": NOON.replace(microsecond=123_999)}, {"from": NOON, "before": NEXT}),
        ({"gt": NOON, "lt": NOON}, {"from": NEXT, "before": NOON}),
        ({"gte": NOON, "lte": NOON}, {"from": NOON, "before": NEXT}),
        ({"eq": NOON, "gte": NEXT}, {"from": NEXT, "before": NEXT}),
    ],
)
def test_bounds_hold_whole_milliseconds(conditions, found):
    assert bounds(**conditions) == found


@pytest.mark.parametrize("microsecond", [998_999, 999_000, 999_999])
def test_the_last_millisecond_of_all_has_bounds(microsecond):
    last = LAST.replace(microsecond=microsecond)

    for name in ("eq", "gt", "gte", "lt", "lte"):
        assert all(moment <= LAST for moment in bounds(**{name: last}).values())
    assert bounds(lte=last)["before"] >= last.replace(microsecond=microsecond // 1000 * 1000)


def test_a_time_that_no_calendar_has_is_refused():
    with pytest.raises(InvalidArgument) as refusal:
        dict(times.bounds(TimeRange(gt=Timestamp(seconds=1 << 60))))
    assert refusal.value.reason == "TIME_INVALID"
