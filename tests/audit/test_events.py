"""Events that services record, and what a tenant reads of its own."""

import asyncio

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from souk.audit.v1 import audit_service_pb2 as pb

from services.audit import trees
from services.kernel.call.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.audit.conftest import CHANGE, FACTS, sealed_parts, signed_events


async def test_an_event_comes_back_as_it_was_sealed(audit, event):
    sealed = event("paris", resource="tenants/paris/listings/prod_é☕", request_id="")

    await audit.record(sealed)

    assert sealed_parts(await audit.get("paris", sealed.name)) == sealed_parts(sealed)


async def test_an_event_is_shown_by_its_envelope_and_payload(audit, event):
    sealed = event("paris", outcome="DENIED", reason="PERMISSION_MISSING", times=3)

    await audit.record(sealed)

    found = await audit.get("paris", sealed.name)
    facts = FACTS | {"outcome": pb.Event.OUTCOME_DENIED, "reason": "PERMISSION_MISSING", "times": 3}
    facts["occur_time"] = found.occur_time
    assert {name: getattr(found, name) for name in facts} == facts
    assert found.occur_time.ToJsonString() == FACTS["occur_time"]
    assert [c.field for c in found.changes] == ["state"]
    assert (found.address, found.is_erased) == ("192.0.2.7", False)


async def test_a_repeated_event_is_accepted_and_stored_once(audit, event):
    first, other = event("paris"), event("lyon")

    counts = [await audit.record(first, other), await audit.record(first, other, event("paris"))]

    assert counts == [2, 1]


async def test_the_same_event_twice_in_one_request_is_stored_once(audit, event):
    once = event("paris")

    assert await audit.record(once, once) == 1


@pytest.mark.parametrize(
    "difference",
    [
        {"actor": "admins/somebody_else"},
        {"changes": []},
        {"outcome": "DENIED"},
        {"occur_time": "2026-09-21T14:13:21.123456Z"},
    ],
)
async def test_a_known_id_with_another_content_is_refused(audit, event, difference):
    known = event("paris")
    await audit.record(known)

    with pytest.raises(AlreadyExists) as refusal:
        await audit.record(event("paris", event=known.name, **difference))

    assert refusal.value.reason == "EVENT_CONFLICT"
    assert refusal.value.metadata == {"event": known.name}
    assert sealed_parts(await audit.get("paris", known.name)) == sealed_parts(known)


async def test_a_request_with_a_conflict_stores_nothing(audit, event):
    known, innocent = event("paris"), event("paris")
    await audit.record(known)

    with pytest.raises(AlreadyExists):
        await audit.record(innocent, event("paris", event=known.name, actor="admins/x"))

    with pytest.raises(NotFound):
        await audit.get("paris", innocent.name)


async def test_the_same_id_in_two_tenants_is_two_events(audit, event):
    paris = event("paris")
    lyon = event("lyon", event=paris.name.replace("paris", "lyon"))

    assert await audit.record(paris, lyon) == 2
    assert sealed_parts(await audit.get("paris", paris.name)) == sealed_parts(paris)
    assert sealed_parts(await audit.get("lyon", lyon.name)) == sealed_parts(lyon)


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


def unsealed(event, field, made):
    """The event with other bytes in one of its fields."""
    setattr(event, field, made(getattr(event, field)))
    return event


@pytest.mark.parametrize(
    "wrong",
    [
        {"event": "events/evt_1"},
        {"event": "tenants/PARIS/events/evt_1"},
        {"event": "tenants/paris/events/"},
        {"occur_time": ""},
        {"occur_time": "2026-09-21T14:13:20+00:00"},
        {"outcome": ""},
        {"outcome": "REFUSED"},
        {"service": ""},
        {"service": "tenant-registry"},  # catalog-opt-in tells it
        {"method": "x" * 2000},
        {"times": 0},
        {"more": "than known"},
        {"changes": [CHANGE] * 1001},
        {"changes": [{"field": "x"}]},
        {"address": 7},
    ],
)
async def test_a_malformed_event_is_refused(audit, event, wrong):
    with pytest.raises(InvalidArgument) as refusal:
        await audit.record(event("paris", **wrong))

    assert refusal.value.reason in ("NAME_INVALID", "EVENT_INVALID")


@pytest.mark.parametrize(
    ("field", "made"),
    [
        ("envelope", lambda _: b""),
        ("envelope", lambda old: old.replace(b":", b": ", 1)),  # JSON, and not canonical
        ("envelope", lambda old: b'{"actor":"admins/other",' + old[1:]),  # one key twice
        ("payload", lambda old: old.replace(b"HIDDEN", b"LIVE")),
        ("payload", lambda _: b""),
        ("salt", lambda _: b""),
        ("salt", lambda old: old[:-1] + b"x"),
        ("signature", lambda _: b""),
        ("signature", lambda old: old[:-1] + bytes([old[-1] ^ 1])),
        ("signature", lambda old: b"\0\0\0\0" + old[4:]),
    ],
)
async def test_an_event_that_is_not_sealed_well_is_refused(audit, event, field, made):
    with pytest.raises(InvalidArgument) as refusal:
        await audit.record(unsealed(event("paris"), field, made))

    assert refusal.value.reason == "EVENT_INVALID"


async def test_an_event_signed_with_another_services_key_is_refused(audit, cluster):
    made = signed_events(lambda _: cluster.event_key("tenant-registry"))("paris")

    with pytest.raises(InvalidArgument, match="not signed by a known key of catalog-opt-in"):
        await audit.record(made)


ALTERED = {
    "its payload": "UPDATE event_payload SET payload = convert_to(replace(convert_from(payload,"
    " 'UTF8'), 'HIDDEN', 'LIVE'), 'UTF8') WHERE event_id = $1",
    "garbage for its payload": "UPDATE event_payload SET payload = '\\xff' WHERE event_id = $1",
    "its salt": "UPDATE event_payload SET salt = salt || salt WHERE event_id = $1",
    "its signature": "UPDATE event SET signature = decode(repeat('00', 68), 'hex')"
    " WHERE event_id = $1",
    "its actor, in the envelope too": "UPDATE event SET envelope = convert_to(replace(convert_from("
    "envelope, 'UTF8'), actor, 'admins/x'), 'UTF8'), actor = 'admins/x' WHERE event_id = $1",
    "garbage for its envelope": "UPDATE event SET envelope = '{' WHERE event_id = $1",
    "a column": "UPDATE event SET actor = 'admins/x' WHERE event_id = $1",
}


@pytest.mark.parametrize("altered", ALTERED)
async def test_lists_and_reads_refuse_an_event_that_was_altered_in_the_database(
    audit, event, cluster, altered
):
    resource = f"tenants/rouen/x/{altered}"
    made, other = event("rouen", resource=resource), event("lyon", resource=resource)
    await audit.record(made, other)
    async with cluster.session("audit") as superuser:
        await superuser.execute(ALTERED[altered], made.name.rpartition("/")[2])

    for ask in (audit.get("rouen", made.name), audit.events("rouen", resource=resource)):
        with pytest.raises(FailedPrecondition) as refusal:
            await ask
        assert refusal.value.reason == "EVENT_CHANGED"
        assert refusal.value.metadata == {"event": made.name}
    [untouched] = await audit.events("lyon", resource=resource)
    assert sealed_parts(untouched) == sealed_parts(other)


async def test_an_envelope_stands_for_the_event_that_it_names_alone(audit, event):
    stolen = event("paris")
    stolen.name = f"{stolen.name}x"

    with pytest.raises(InvalidArgument) as refusal:
        await audit.record(stolen)

    assert refusal.value.reason == "EVENT_INVALID"


@pytest.mark.parametrize("text", ["\x00", "a\x00b"])
async def test_a_null_byte_is_refused_and_not_lost(audit, event, text):
    with pytest.raises(InvalidArgument):
        await audit.record(event("paris", resource=text))


async def test_events_come_newest_first_over_pages_without_gap_or_repeat(audit, event):
    seconds = [5, 3, 9, 9, 9, 1, 7]
    made = [event("nantes", occur_time=f"2026-01-01T00:00:0{s}.000000Z") for s in seconds]
    await audit.record(*made)

    listed, token = [], None
    while token != "":
        page = await audit.page("nantes", page_size=2, page_token=token or "")
        listed += page.events
        token = page.next_page_token

    assert [e.occur_time.ToDatetime().second for e in listed] == sorted(seconds, reverse=True)
    assert {e.name for e in listed} == {e.name for e in made}


@pytest.mark.parametrize("field", ["actor", "method", "resource"])
async def test_a_filter_shows_exactly_what_it_names(audit, event, field):
    mine = event("lille", **{field: f"the/one_{field}"})
    await audit.record(mine, event("lille"), event("paris", **{field: f"the/one_{field}"}))

    [found] = await audit.events("lille", **{field: f"the/one_{field}"})
    assert sealed_parts(found) == sealed_parts(mine)


async def test_a_span_of_time_and_an_outcome_narrow_the_list(audit, event):
    for second in range(4):
        for outcome in ("DONE", "DENIED"):
            time = f"2026-01-01T00:00:0{second}.000000Z"
            await audit.record(event("dijon", occur_time=time, outcome=outcome))
    span = {"start_time": Timestamp(seconds=1767225601), "end_time": Timestamp(seconds=1767225603)}

    found = await audit.events("dijon", outcome=pb.Event.OUTCOME_DENIED, **span)

    assert [e.occur_time.ToDatetime().second for e in found] == [2, 1]
    assert {e.outcome for e in found} == {pb.Event.OUTCOME_DENIED}


async def test_an_invalid_time_is_refused(audit):
    with pytest.raises(InvalidArgument) as refusal:
        await audit.page("paris", start_time=Timestamp(seconds=10**15))

    assert refusal.value.reason == "TIME_INVALID"


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


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_an_event_is_erased_once_it_has_its_place(audit, event, cluster, tenant):
    """So that the place of the erasure is a later one: the verifier believes no other."""
    sealed = event(tenant)
    async with cluster.session("audit") as superuser, superuser.transaction():
        await superuser.execute("SELECT pg_advisory_xact_lock($1)", trees._LOCK)  # nobody sequences
        await audit.record(sealed)
        with pytest.raises(FailedPrecondition) as refusal:
            await audit.erase(tenant, sealed.name)
    assert refusal.value.reason == "EVENT_NOT_SEQUENCED"
    assert not (await audit.get(tenant, sealed.name)).is_erased

    while (await _erased(audit, tenant, sealed.name)) is None:
        await asyncio.sleep(0.05)

    assert (await audit.get(tenant, sealed.name)).is_erased


async def _erased(audit, tenant, name):
    try:
        return await audit.erase(tenant, name)
    except FailedPrecondition:
        return None
