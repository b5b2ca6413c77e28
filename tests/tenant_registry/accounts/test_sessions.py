"""Sessions: begun by a login, kept with tokens, ended by a logout and other acts."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag
from souk.audit.v1.audit_service_pb2 import Event
from souk.tenant_registry.v1 import session_service_pb2 as pb

from services.kernel.call.errors import NotFound, Unauthenticated
from services.tenant_registry.accounts import one_time_tokens

OTHERS = "souk_refresh_" + "A" * 43


@pytest.fixture
def refresh(session_stub):
    async def ask(token):
        request = pb.RefreshSessionRequest(refresh_token=token)
        return await session_stub().RefreshSession(request)

    return ask


@pytest.fixture
def age(rows):
    """Makes everything of a session happen earlier than it did."""

    async def back(session, by):
        await rows.execute(
            "UPDATE admin_session SET end_time = end_time - $2::interval WHERE session_id = $1",
            session,
            by,
        )
        await rows.execute(
            "UPDATE refresh_token SET use_time = use_time - $2::interval WHERE session_id = $1",
            session,
            by,
        )

    return back


async def refused(call):
    with pytest.raises(Unauthenticated) as refusal:
        await call
    return refusal.value.reason


async def test_a_refresh_token_gives_the_next_tokens_of_the_same_session(
    logged_in, refresh, is_live
):
    admin, session, first = await logged_in()

    second = await refresh(first.refresh_token)
    third = await refresh(second.refresh_token)

    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert len({first.access_token, second.access_token, third.access_token}) == 3
    assert second.admin == third.admin == first.admin
    assert await is_live(admin, session)


async def test_no_refresh_token_is_stored(logged_in, refresh, rows):
    _, session, first = await logged_in()
    second = await refresh(first.refresh_token)

    stored = str(
        await rows.fetch("SELECT * FROM refresh_token WHERE session_id = $1", session)
    ) + str(await rows.fetch("SELECT * FROM admin_session WHERE session_id = $1", session))

    assert first.refresh_token[-20:] not in stored
    assert second.refresh_token[-20:] not in stored


def test_only_the_token_before_opens_the_next_one():
    first, second, others = (one_time_tokens.new_token("refresh") for _ in range(3))
    box = one_time_tokens.encrypted_successor(first, second)

    assert one_time_tokens.decrypted_successor(first, box) == second
    for token in (second, others):
        with pytest.raises(InvalidTag):
            one_time_tokens.decrypted_successor(token, box)


async def test_a_lost_answer_can_be_asked_for_again(logged_in, refresh, is_live):
    admin, session, first = await logged_in()

    lost = await refresh(first.refresh_token)
    again = await refresh(first.refresh_token)

    assert again.refresh_token == lost.refresh_token
    assert await is_live(admin, session)


async def test_many_refreshes_at_once_get_one_answer(logged_in, refresh, rows):
    _, session, first = await logged_in()

    answers = await asyncio.gather(*(refresh(first.refresh_token) for _ in range(6)))

    assert len({answer.refresh_token for answer in answers}) == 1
    assert (
        await rows.fetchval("SELECT count(*) FROM refresh_token WHERE session_id = $1", session)
        == 2
    )


async def test_a_token_that_comes_back_late_ends_the_whole_family(
    logged_in, refresh, is_live, age, events_of
):
    admin, session, first = await logged_in()
    bystander, other, unaffected = await logged_in()
    second = await refresh(first.refresh_token)
    await age(session, timedelta(seconds=11))

    assert await refused(refresh(first.refresh_token)) == "REFRESH_TOKEN_INVALID"

    assert not await is_live(admin, session)
    assert await refused(refresh(second.refresh_token)) == "REFRESH_TOKEN_INVALID"
    assert await is_live(bystander, other)
    assert (await refresh(unaffected.refresh_token)).refresh_token
    events = await events_of("hq", number=2, resource=f"{admin}/sessions/{session}")
    assert [e.outcome for e in events] == [Event.OUTCOME_DONE, Event.OUTCOME_DENIED]
    assert [e.reason for e in events] == ["", "TOKEN_REUSED"]


async def test_a_token_whose_next_one_was_used_has_no_grace(logged_in, refresh, is_live):
    admin, session, first = await logged_in()
    second = await refresh(first.refresh_token)
    await refresh(second.refresh_token)

    assert await refused(refresh(first.refresh_token)) == "REFRESH_TOKEN_INVALID"

    assert not await is_live(admin, session)


@pytest.mark.parametrize(
    "token", ["", "x", OTHERS, OTHERS + "A", OTHERS[:-1], "souk_reset_" + "A" * 43, "é" * 40]
)
async def test_a_token_of_nobody_is_refused_as_a_used_one(refresh, token):
    assert await refused(refresh(token)) == "REFRESH_TOKEN_INVALID"


async def test_a_session_ends_when_its_time_has_come(logged_in, refresh, is_live, age):
    admin, session, first = await logged_in()
    await age(session, timedelta(days=30))

    assert not await is_live(admin, session)
    assert await refused(refresh(first.refresh_token)) == "REFRESH_TOKEN_INVALID"


async def test_an_access_token_does_not_outlive_its_session(logged_in, refresh, age, rows):
    _, session, first = await logged_in()
    await age(session, timedelta(days=29, hours=23, minutes=50))
    ends = await rows.fetchval("SELECT end_time FROM admin_session WHERE session_id = $1", session)

    answer = await refresh(first.refresh_token)

    assert answer.expire_time.seconds == int(ends.timestamp())


async def test_a_deactivated_admin_refreshes_nothing(logged_in, refresh, rows):
    admin, _, first = await logged_in()
    await rows.execute(
        "UPDATE admin SET deactivate_time = now() WHERE admin_id = $1", admin.rpartition("/")[2]
    )

    assert await refused(refresh(first.refresh_token)) == "REFRESH_TOKEN_INVALID"


async def test_a_session_can_be_renewed_from_within_while_it_lives(
    logged_in, session_stub, platform
):
    admin, session, _ = await logged_in()
    stub = session_stub(admin, session)

    answer = await stub.RenewSession(pb.RenewSessionRequest())
    await stub.DeleteSession(pb.DeleteSessionRequest(name=f"{admin}/sessions/{session}"))

    assert (answer.admin.name, answer.refresh_token) == (admin, "")
    assert await refused(stub.RenewSession(pb.RenewSessionRequest())) == "SESSION_ENDED"


@pytest.mark.parametrize("how", ["an access token", "a refresh token"])
async def test_a_renewal_is_an_event_and_shows_when_and_from_where(
    logged_in, session_stub, rows, events_of, how
):
    admin, session, first = await logged_in()
    bystander, theirs, _ = await logged_in()
    name, long_ago = f"{admin}/sessions/{session}", datetime.now(UTC) - timedelta(hours=5)
    await rows.execute("UPDATE admin_session SET use_time = $1", long_ago)

    if how == "an access token":
        stub = session_stub(admin, session, address="192.0.2.7")
        await stub.RenewSession(pb.RenewSessionRequest())
    else:
        request = pb.RefreshSessionRequest(refresh_token=first.refresh_token)
        await session_stub(address="192.0.2.7").RefreshSession(request)

    [event] = await events_of("hq", number=1, resource=name)
    assert (event.actor, event.session) == (admin, session)
    assert "192.0.2.7" in str(event.changes)
    own = pb.ListSessionsRequest(parent=admin)
    [renewed] = (await session_stub(admin, session).ListSessions(own)).sessions
    assert (renewed.address, renewed.use_time.ToDatetime(UTC) > long_ago) == ("192.0.2.7", True)
    others = pb.ListSessionsRequest(parent=bystander)
    [other] = (await session_stub(bystander, theirs).ListSessions(others)).sessions
    assert (other.address, other.use_time.ToDatetime(UTC)) == ("", long_ago)


async def test_renewing_does_not_make_a_session_longer(logged_in, session_stub, age):
    admin, session, _ = await logged_in()
    stub = session_stub(admin, session)
    await age(session, timedelta(days=30) - timedelta(minutes=10))

    answer = await stub.RenewSession(pb.RenewSessionRequest())

    left = answer.expire_time.ToDatetime(UTC) - datetime.now(UTC)
    assert left <= timedelta(minutes=10)
    await age(session, timedelta(minutes=10))
    assert await refused(stub.RenewSession(pb.RenewSessionRequest())) == "SESSION_ENDED"


async def test_a_logout_ends_this_session_and_no_other(
    logged_in, session_stub, refresh, is_live, new_admin, events_of
):
    _, email = await new_admin()
    admin, here, first = await logged_in(email)
    _, there, _ = await logged_in(email)
    name = f"{admin}/sessions/{here}"

    await session_stub(admin, here).DeleteSession(pb.DeleteSessionRequest(name=name))

    assert not await is_live(admin, here)
    assert await is_live(admin, there)
    assert await refused(refresh(first.refresh_token)) == "REFRESH_TOKEN_INVALID"
    [event] = await events_of("hq", number=1, resource=name)
    assert (event.actor, event.outcome) == (admin, Event.OUTCOME_DONE)


async def test_an_admin_sees_and_ends_their_own_sessions_alone(
    logged_in, session_stub, new_admin, is_live
):
    _, email = await new_admin()
    admin, here, _ = await logged_in(email)
    _, there, _ = await logged_in(email)
    stranger, theirs, _ = await logged_in()
    stub = session_stub(admin, here)

    sessions = (await stub.ListSessions(pb.ListSessionsRequest(parent=admin))).sessions
    await stub.DeleteSession(pb.DeleteSessionRequest(name=f"{admin}/sessions/{there}"))

    assert [(one.name, one.current) for one in sessions] == [
        (f"{admin}/sessions/{there}", False),
        (f"{admin}/sessions/{here}", True),
    ]
    for name in (f"{stranger}/sessions/{theirs}", f"{admin}/sessions/{theirs}",
                 f"{admin}/sessions/{there}", f"{admin}/sessions/sess_nobodys"):  # fmt: skip
        with pytest.raises(NotFound) as refusal:
            await stub.DeleteSession(pb.DeleteSessionRequest(name=name))
        assert refusal.value.reason == "SESSION_NOT_FOUND"
    with pytest.raises(NotFound):
        await stub.ListSessions(pb.ListSessionsRequest(parent=stranger))
    assert await is_live(stranger, theirs)


async def test_a_session_of_somebody_else_proves_nothing(logged_in, session_stub, is_live):
    admin, _, _ = await logged_in()
    _, theirs, _ = await logged_in()

    for session in (theirs, f"sess_{uuid.uuid4().hex}"):
        assert not await is_live(admin, session)
        stub = session_stub(admin, session)
        assert await refused(stub.RenewSession(pb.RenewSessionRequest())) == "SESSION_ENDED"


async def test_sessions_that_ended_long_ago_are_removed_at_the_next_login(
    logged_in, new_admin, age, rows
):
    _, email = await new_admin()
    _, old, _ = await logged_in(email)
    await age(old, timedelta(days=61))

    await logged_in(email)

    assert await rows.fetchval("SELECT count(*) FROM admin_session WHERE session_id = $1", old) == 0
