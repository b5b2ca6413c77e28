"""How often a password may be guessed: counted for each account, known or not."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from souk.audit.v1.audit_service_pb2 import Event
from souk.tenant_registry.v1 import access_service_pb2 as pb
from souk.tenant_registry.v1.account_service_pb2 import ResetPasswordRequest
from souk.tenant_registry.v1.account_service_pb2_grpc import AccountServiceStub

from services.kernel.call.errors import ServiceError
from services.tenant_registry.accounts.attempts import GUESSES, hashed
from services.tenant_registry.roles.permissions import OF_SERVICES
from tests.tenant_registry.conftest import RIGHT

MOST, WRONG = GUESSES.most, "wrong"


@pytest.fixture
def guess(access):
    async def ask(email, password=WRONG):
        try:
            await access.Login(pb.LoginRequest(email=email, password=password))
        except ServiceError as refusal:
            return refusal
        return None

    return ask


@pytest.fixture
def reset(scoped_stub):
    async def ask(email):
        stub = scoped_stub(
            AccountServiceStub, "tenant-registry", tenant=None, permissions=OF_SERVICES
        )
        await stub.ResetPassword(ResetPasswordRequest(email=email))

    return ask


@pytest.fixture
def later(rows):
    async def move(email, by):
        await rows.execute(
            "UPDATE attempt SET begin_time = begin_time - $2::interval,"
            " end_time = end_time - $2::interval WHERE account_hash = $1",
            hashed(email),
            by,
        )

    return move


def nobodys():
    return f"{uuid.uuid4().hex}@lyon.example"


async def reasons(guess, email, number):
    return [(await guess(email)).reason for _ in range(number)]


async def test_after_ten_failures_an_account_waits_whether_it_exists_or_not(guess, new_admin):
    _, known = await new_admin()
    _, bystander = await new_admin()

    for email in (known, nobodys()):
        assert await reasons(guess, email, MOST) == ["CREDENTIALS_INVALID"] * MOST
        refusal = await guess(email, RIGHT)
        assert refusal.reason == "LOGIN_LIMITED"
        assert 0 < int(refusal.metadata["retry_after_seconds"]) <= 15 * 60
    assert await guess(bystander, RIGHT) is None


async def test_an_account_opens_by_itself_after_a_quarter_of_an_hour(guess, new_admin, later):
    _, email = await new_admin()
    await reasons(guess, email, MOST + 1)

    await later(email, timedelta(minutes=15))

    assert await guess(email, RIGHT) is None


async def test_waiting_is_not_made_longer_by_more_attempts(guess, new_admin, later):
    _, email = await new_admin()
    await reasons(guess, email, MOST)
    await later(email, timedelta(minutes=14))

    waits = [int((await guess(email)).metadata["retry_after_seconds"]) for _ in range(3)]

    assert max(waits) <= 60


async def test_a_success_begins_again_at_nothing(guess, new_admin):
    _, email = await new_admin()
    await reasons(guess, email, MOST - 1)

    assert await guess(email, RIGHT) is None
    assert await reasons(guess, email, MOST) == ["CREDENTIALS_INVALID"] * MOST


async def test_guesses_at_the_same_time_are_all_counted(guess, new_admin):
    _, email = await new_admin()

    refusals = await asyncio.gather(*(guess(email) for _ in range(MOST + 6)))

    judged = [refusal for refusal in refusals if refusal.reason == "CREDENTIALS_INVALID"]
    assert len(judged) <= MOST
    assert {r.reason for r in refusals} <= {
        "CREDENTIALS_INVALID",
        "LOGIN_LIMITED",
        "LOGIN_BUSY",
        "DATABASE_BUSY",
    }


@pytest.mark.parametrize("undated", [False, True], ids=["dated", "of an older version"])
async def test_expired_counts_are_removed(guess, later, rows, undated):
    old = nobodys()
    await guess(old)
    await later(old, timedelta(minutes=16))
    if undated:
        await rows.execute(
            "UPDATE attempt SET end_time = NULL WHERE account_hash = $1", hashed(old)
        )

    await guess(nobodys())

    left = await rows.fetchval("SELECT count(*) FROM attempt WHERE account_hash = $1", hashed(old))
    assert left == 0


async def test_a_failed_login_at_an_account_is_an_event_without_its_address(
    guess, new_admin, events_of
):
    admin, known = await new_admin()

    await guess(known)

    [event] = await events_of("hq", number=1, resource=f"admins/{admin}")
    assert event.outcome == Event.OUTCOME_DENIED
    assert known not in str(event)


async def test_logins_and_resets_of_unknown_addresses_are_counted_without_an_event_each(
    guess, reset, events_of, rows
):
    """Unless a minute ends meanwhile: then they are in one event."""

    async def counted():
        # What is on its way to the log would be missing here.
        async with asyncio.timeout(20):
            while await rows.fetchval("SELECT count(*) FROM audit_leaf"):
                await asyncio.sleep(0.1)
        events = await events_of("hq", number=0, resource="admins/unknown")
        number = await rows.fetchval("SELECT sum(number) FROM unknown_account_refusal")
        return len(events), sum(event.times for event in events) + (number or 0)

    events, before = await counted()

    for _ in range(6):
        await guess(nobodys())
        await reset(nobodys())

    async with asyncio.timeout(20):
        while (found := await counted())[1] < before + 12:
            await asyncio.sleep(0.1)
    assert found[1] == before + 12
    assert found[0] <= events + 4
