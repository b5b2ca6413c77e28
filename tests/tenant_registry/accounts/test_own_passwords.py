"""An admin's own password: changed by who knows it, and set with a token from the mail."""

import asyncio
import time
import uuid

import pyotp
import pytest
from souk.audit.v1.audit_service_pb2 import Event
from souk.tenant_registry.v1 import account_service_pb2 as pb
from souk.tenant_registry.v1 import session_service_pb2 as sessions
from souk.tenant_registry.v1.account_service_pb2_grpc import AccountServiceStub

from services.kernel.call.errors import (
    InvalidArgument,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)
from services.tenant_registry.accounts.attempts import hashed
from services.values.passwords import password_flaw
from tests.tenant_registry.conftest import RIGHT
from tests.tenant_registry.mailbox import mail_to, token_in

NEWER = "a longer password of one's own"


@pytest.fixture
def account(session_stub):
    return lambda admin="services/gateway", session="": session_stub(
        admin, session, AccountServiceStub
    )


@pytest.fixture
def forget(account):
    async def ask(email):
        await account().ResetPassword(pb.ResetPasswordRequest(email=email))

    return ask


@pytest.fixture
def set_password(account):
    async def ask(token, password=NEWER):
        await account().SetPassword(pb.SetPasswordRequest(token=token, password=password))

    return ask


async def can_log_in(logged_in, email, password):
    try:
        await logged_in(email, password)
    except Unauthenticated:
        return False
    return True


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("a" * 11, False),
        ("a" * 12, True),
        ("é" * 512, True),
        ("e\u0301" * 512, True),  # the same, as another keyboard composes it
        ("e\u0301" * 11, False),
        ("a" * 100_000, False),
        ("é" * 513, False),
        ("Somebody@Paris.example", False),
        (" somebody@paris.example ", False),
    ],
)
def test_a_password_is_long_and_not_the_email(password, is_good):
    assert (password_flaw(password, "somebody@paris.example") == "") is is_good


async def test_a_changed_password_ends_the_other_sessions_and_no_one_elses(
    account, logged_in, new_admin, is_live, events_of
):
    _, email = await new_admin()
    admin, here, _ = await logged_in(email)
    _, there, _ = await logged_in(email)
    bystander, theirs, _ = await logged_in()

    request = pb.ChangePasswordRequest(current_password=RIGHT, new_password=NEWER)
    await account(admin, here).ChangePassword(request)

    assert await is_live(admin, here)
    assert not await is_live(admin, there)
    assert await is_live(bystander, theirs)
    assert not await can_log_in(logged_in, email, RIGHT)
    assert await can_log_in(logged_in, email, NEWER)
    events = await events_of("hq", number=5, resource=admin)
    assert {e.method.rpartition("/")[2] for e in events} == {"Login", "ChangePassword"}
    assert NEWER not in str(events)


async def test_a_password_set_on_one_machine_is_accepted_from_another(
    platform, account, forget, set_password, logged_in, new_admin
):
    composed, decomposed = "Zoé's café à Paris", "Zoe\u0301's cafe\u0301 a\u0300 Paris"
    _, email = await new_admin()
    await forget(email)
    await set_password(token_in(await mail_to(platform, email)), composed)

    admin, session, _ = await logged_in(email, decomposed)
    await account(admin, session).CreateTotp(pb.CreateTotpRequest(password=decomposed))
    request = pb.ChangePasswordRequest(current_password=decomposed, new_password=f"{decomposed} 2")
    await account(admin, session).ChangePassword(request)

    await logged_in(email, f"{composed} 2")
    assert not await can_log_in(logged_in, email, composed)


async def test_a_password_is_changed_by_who_knows_it_alone(account, logged_in, events_of):
    admin, session, _ = await logged_in()
    request = pb.ChangePasswordRequest(current_password="wrong", new_password=NEWER)

    with pytest.raises(PermissionDenied) as refusal:
        await account(admin, session).ChangePassword(request)

    assert refusal.value.reason == "PASSWORD_WRONG"
    *_, event = await events_of("hq", number=2, resource=admin)
    assert (event.outcome, event.actor) == (Event.OUTCOME_DENIED, admin)


async def test_guesses_at_the_current_password_are_limited(account, logged_in):
    admin, session, answer = await logged_in()
    stub = account(admin, session)
    request = pb.ChangePasswordRequest(current_password="wrong", new_password=NEWER)

    for _ in range(10):
        with pytest.raises(PermissionDenied):
            await stub.ChangePassword(request)
    with pytest.raises(ResourceExhausted) as refusal:
        await stub.CreateTotp(pb.CreateTotpRequest(password=RIGHT))

    assert refusal.value.reason == "LOGIN_LIMITED"
    await logged_in(answer.admin.email)


async def test_a_strangers_guesses_do_not_keep_an_admin_from_their_own_account(
    account, logged_in, new_admin
):
    _, email = await new_admin()
    admin, session, _ = await logged_in(email)
    for _ in range(10):
        assert not await can_log_in(logged_in, email, "wrong")
    with pytest.raises(ResourceExhausted):
        await logged_in(email)

    own = account(admin, session)
    made = await own.CreateTotp(pb.CreateTotpRequest(password=RIGHT))
    code = pyotp.TOTP(made.secret).now()
    codes = (await own.ConfirmTotp(pb.ConfirmTotpRequest(code=code))).recovery_codes
    await own.DeleteTotp(pb.DeleteTotpRequest(password=RIGHT, code=codes[0]))
    await own.ChangePassword(pb.ChangePasswordRequest(current_password=RIGHT, new_password=NEWER))


async def test_a_weak_password_is_refused_with_what_is_wrong(account, logged_in):
    admin, session, _ = await logged_in()
    request = pb.ChangePasswordRequest(current_password=RIGHT, new_password="short")

    with pytest.raises(InvalidArgument) as refusal:
        await account(admin, session).ChangePassword(request)

    assert refusal.value.reason == "PASSWORD_INVALID"
    assert refusal.value.violations == {"new_password": "must have at least 12 characters"}


async def test_an_ended_session_changes_nothing(account, logged_in, session_stub):
    admin, session, _ = await logged_in()
    name = f"{admin}/sessions/{session}"
    await session_stub(admin, session).DeleteSession(sessions.DeleteSessionRequest(name=name))
    request = pb.ChangePasswordRequest(current_password=RIGHT, new_password=NEWER)

    with pytest.raises(Unauthenticated) as refusal:
        await account(admin, session).ChangePassword(request)

    assert refusal.value.reason == "SESSION_ENDED"


async def test_a_token_from_the_mail_sets_a_password_once_and_ends_every_session(
    platform, forget, set_password, new_admin, logged_in, is_live
):
    _, email = await new_admin()
    admin, session, _ = await logged_in(email)
    await forget(f" {email.upper()} ")
    token = token_in(await mail_to(platform, email))

    await set_password(token)

    assert not await is_live(admin, session)
    assert await can_log_in(logged_in, email, NEWER)
    with pytest.raises(Unauthenticated) as refusal:
        await set_password(token, "yet another long password")
    assert refusal.value.reason == "RESET_TOKEN_INVALID"


async def test_of_many_at_once_with_one_token_one_sets_the_password(
    platform, forget, set_password, new_admin
):
    _, email = await new_admin()
    await forget(email)
    token = token_in(await mail_to(platform, email))

    done = await asyncio.gather(
        *(set_password(token, f"{NEWER} {n}") for n in range(4)), return_exceptions=True
    )

    assert sum(one is None for one in done) == 1


async def test_only_the_last_token_of_one_admin_is_good_and_only_for_them(
    platform, forget, set_password, new_admin, logged_in
):
    _, paris = await new_admin()
    _, lyon = await new_admin()
    await forget(paris)
    first = token_in(await mail_to(platform, paris))
    await forget(paris)
    second = token_in(await mail_to(platform, paris, number=2))

    with pytest.raises(Unauthenticated):
        await set_password(first)
    await set_password(second)

    assert await can_log_in(logged_in, paris, NEWER)
    assert not await can_log_in(logged_in, lyon, NEWER)


async def test_a_token_ends_after_a_quarter_of_an_hour_and_is_stored_nowhere(
    platform, forget, set_password, new_admin, rows
):
    admin, email = await new_admin()
    await forget(email)
    token = token_in(await mail_to(platform, email))
    stored = str(await rows.fetch("SELECT * FROM password_reset WHERE admin_id = $1", admin))

    await rows.execute(
        "UPDATE password_reset SET end_time = end_time - interval '15 min' WHERE admin_id = $1",
        admin,
    )

    assert token[-20:] not in stored
    with pytest.raises(Unauthenticated):
        await set_password(token)


async def test_a_weak_password_does_not_use_the_token_up(
    platform, forget, set_password, new_admin, logged_in
):
    _, email = await new_admin()
    await forget(email)
    token = token_in(await mail_to(platform, email))

    for weak in ("short", email):
        with pytest.raises(InvalidArgument):
            await set_password(token, weak)
    await set_password(token)

    assert await can_log_in(logged_in, email, NEWER)


@pytest.mark.parametrize("token", ["", "x", "souk_reset_" + "A" * 43, "souk_refresh_" + "A" * 43])
async def test_a_token_of_nobody_sets_nothing(set_password, token):
    with pytest.raises(Unauthenticated) as refusal:
        await set_password(token)

    assert refusal.value.reason == "RESET_TOKEN_INVALID"


async def test_nobody_and_who_is_deactivated_get_no_mail_and_the_same_answer(
    platform, forget, new_admin, events_of
):
    _, gone = await new_admin(deactivated=True)
    unknown = f"{uuid.uuid4().hex}@lyon.example"
    _, known = await new_admin()

    for email in (gone, unknown, known):
        await forget(email)
    await mail_to(platform, known)

    mails = "".join(path.read_text() for path in platform.topology.mail.glob("*.eml"))
    assert gone not in mails
    assert unknown not in mails


async def test_forgetting_takes_as_long_for_nobody_as_for_somebody(forget, new_admin):
    took: dict[str, list[float]] = {"known": [], "unknown": []}

    for _ in range(25):
        _, known = await new_admin()
        for kind, email in (("known", known), ("unknown", f"{uuid.uuid4().hex}@lyon.example")):
            started = time.perf_counter()
            await forget(email)
            took[kind].append(time.perf_counter() - started)

    known_time, unknown_time = (min(times) for times in took.values())
    assert 1 / 3 < unknown_time / known_time < 3


async def test_reset_mails_to_one_address_are_limited(forget, new_admin, rows):
    _, email = await new_admin()
    _, bystander = await new_admin()

    async def is_limited():
        try:
            await forget(email)
        except ResourceExhausted as refusal:
            return refusal.reason == "LOGIN_LIMITED"
        return False

    limited = []
    for _ in range(5):
        limited += [await is_limited() for _ in range(6)]
        # A quarter of an hour later; the count of the day goes on.
        await rows.execute(
            "UPDATE attempt SET end_time = end_time - interval '15 min' WHERE account_hash = $1",
            hashed(f"reset {email}"),
        )

    assert limited == ([False] * 5 + [True]) * 4 + [True] * 6
    await forget(bystander)
