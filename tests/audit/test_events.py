import asyncio

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from souk.audit.v1 import audit_service_pb2 as pb

from services.kernel.errors import AlreadyExists, InvalidArgument, NotFound, PermissionDenied


async def test_an_event_comes_back_as_it_was_told(audit, event):
    told = event("paris", resource="tenants/paris/listings/prod_é☕", request_id="")

    await audit.record(told)

    assert await audit.get("paris", told.name) == told


async def test_a_repeated_event_is_accepted_and_stored_once(audit, event):
    told, other = event("paris"), event("lyon")

    counts = [await audit.record(told, other), await audit.record(told, other, event("paris"))]

    assert counts == [2, 1]


async def test_the_same_event_twice_in_one_request_is_stored_once(audit, event):
    told = event("paris")

    assert await audit.record(told, told) == 1


@pytest.mark.parametrize(
    "difference",
    [
        {"actor": "admins/somebody_else"},
        {"changes": []},
        {"outcome": pb.Event.OUTCOME_DENIED},
        {"occur_time": Timestamp(seconds=1)},
    ],
)
async def test_a_known_id_with_another_content_is_refused(audit, event, difference):
    told = event("paris")
    await audit.record(told)

    with pytest.raises(AlreadyExists) as refusal:
        await audit.record(event("paris", name=told.name, **difference))

    assert refusal.value.reason == "EVENT_CONFLICT"
    assert refusal.value.metadata == {"event": told.name}
    assert await audit.get("paris", told.name) == told


async def test_a_request_with_a_conflict_stores_nothing(audit, event):
    told, innocent = event("paris"), event("paris")
    await audit.record(told)

    with pytest.raises(AlreadyExists):
        await audit.record(innocent, event("paris", name=told.name, actor="admins/x"))

    with pytest.raises(NotFound):
        await audit.get("paris", innocent.name)


async def test_the_same_id_in_two_tenants_is_two_events(audit, event):
    paris = event("paris")
    lyon = event("lyon", name=paris.name.replace("paris", "lyon"))

    assert await audit.record(paris, lyon) == 2
    assert await audit.get("paris", paris.name) == paris
    assert await audit.get("lyon", lyon.name) == lyon


async def test_many_at_once_with_the_same_events_store_each_once(audit, event):
    events = [event(tenant) for tenant in ("paris", "lyon") for _ in range(20)]

    counts = await asyncio.gather(*(audit.record(*events[i:], *events[:i]) for i in range(8)))

    assert sum(counts) == len(events)


@pytest.mark.parametrize("count", [0, 501])
async def test_a_request_holds_1_to_500_events(audit, event, count):
    with pytest.raises(InvalidArgument) as refusal:
        await audit.record(*[event("paris")] * count)

    assert refusal.value.reason == "EVENTS_COUNT_INVALID"


async def test_500_events_are_taken_in_one_request(audit, event):
    assert await audit.record(*(event("grenoble") for _ in range(500))) == 500
    assert len(await audit.events("grenoble")) == 500


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "events/evt_1"},
        {"name": "tenants/PARIS/events/evt_1"},
        {"name": "tenants/paris/events/"},
        {"occur_time": None},
        {"occur_time": Timestamp(seconds=10**12)},
        {"occur_time": Timestamp(nanos=-5)},
        {"outcome": 0},
        {"outcome": 99},
        {"service": ""},
        {"service": "tenant-registry"},  # catalog-opt-in tells it
        {"method": "x" * 2000},
        {"changes": [pb.Change(field="x")] * 1001},
    ],
)
async def test_a_malformed_event_is_refused(audit, event, wrong):
    with pytest.raises(InvalidArgument) as refusal:
        await audit.record(event("paris", **wrong))

    assert refusal.value.reason in ("NAME_INVALID", "EVENT_INVALID")


@pytest.mark.parametrize("text", ["\x00", "a\x00b"])
async def test_a_null_byte_is_refused_and_not_lost(audit, event, text):
    with pytest.raises(InvalidArgument):
        await audit.record(event("paris", resource=text))


async def test_events_come_newest_first_over_pages_without_gap_or_repeat(audit, event):
    seconds = [5, 3, 9, 9, 9, 1, 7]
    told = [event("nantes", occur_time=Timestamp(seconds=s)) for s in seconds]
    await audit.record(*told)

    shown, token = [], None
    while token != "":
        page = await audit.page("nantes", page_size=2, page_token=token or "")
        shown += page.events
        token = page.next_page_token

    assert [e.occur_time.seconds for e in shown] == sorted(seconds, reverse=True)
    assert {e.name for e in shown} == {e.name for e in told}


@pytest.mark.parametrize("field", ["actor", "method", "resource"])
async def test_a_filter_shows_exactly_what_it_names(audit, event, field):
    mine = event("lille", **{field: f"the/one_{field}"})
    await audit.record(mine, event("lille"), event("paris", **{field: f"the/one_{field}"}))

    assert await audit.events("lille", **{field: f"the/one_{field}"}) == [mine]


async def test_a_page_token_of_another_tenant_is_refused(audit, event):
    for tenant in ("paris", "lyon"):
        await audit.record(*(event(tenant) for _ in range(3)))
    token = (await audit.page("paris", page_size=1)).next_page_token

    with pytest.raises(InvalidArgument) as refusal:
        await audit.page("lyon", page_size=1, page_token=token)

    assert refusal.value.reason == "PAGE_TOKEN_INVALID"


async def test_a_page_token_fits_its_filter_alone(audit, event):
    await audit.record(*(event("paris") for _ in range(3)))
    token = (await audit.page("paris", page_size=1)).next_page_token

    with pytest.raises(InvalidArgument):
        await audit.page("paris", page_size=1, page_token=token, actor="admins/user_1")


async def test_a_tenant_reads_only_its_own_events(audit, event):
    paris, lyon = event("paris"), event("lyon")
    await audit.record(paris, lyon)

    seen = {e.name for e in await audit.events("paris")}

    assert paris.name in seen
    assert all(name.startswith("tenants/paris/") for name in seen)


async def test_another_tenants_event_is_out_of_reach(audit, event):
    lyon = event("lyon")
    await audit.record(lyon)

    with pytest.raises(PermissionDenied):
        await audit.get("paris", lyon.name)
    with pytest.raises(NotFound):
        await audit.get("paris", lyon.name.replace("lyon", "paris"))
