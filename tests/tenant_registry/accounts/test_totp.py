"""The second factor: codes, recovery codes, and stored secrets."""

import asyncio
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from souk.audit.v1.audit_service_pb2 import Event
from souk.tenant_registry.v1 import account_service_pb2 as pb
from souk.tenant_registry.v1.account_service_pb2_grpc import AccountServiceStub

from services.kernel.call.errors import (
    AlreadyExists,
    Internal,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)
from services.kernel.process.secret_files import Fixed
from services.tenant_registry.accounts import rules
from services.tenant_registry.accounts.totp import Totp
from services.tenant_registry.models import SecondFactor
from tests.tenant_registry.conftest import RIGHT
from tests.tenant_registry.mailbox import mail_to, token_in

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NEWER = "a longer password of one's own"
STEP = timedelta(seconds=rules.STEP_SECONDS)


@pytest.fixture
def account(session_stub):
    return lambda admin, session: session_stub(admin, session, AccountServiceStub)


@pytest.fixture
def with_totp(new_admin, logged_in, account):
    """Makes an admin who has turned the second factor on: e-mail, stub, generator, codes."""

    async def make():
        _, email = await new_admin()
        admin, session, _ = await logged_in(email)
        stub = account(admin, session)
        made = await stub.CreateTotp(pb.CreateTotpRequest(password=RIGHT))
        generator = pyotp.TOTP(made.secret)
        assert pyotp.parse_uri(made.uri).secret == made.secret
        # The step before this one, so that this one's code is still good for a login.
        before = generator.at(datetime.now(UTC) - STEP)
        confirmed = await stub.ConfirmTotp(pb.ConfirmTotpRequest(code=before))
        return email, stub, generator, list(confirmed.recovery_codes)

    return make


async def refused(call):
    with pytest.raises(Unauthenticated) as refusal:
        await call
    return refusal.value.reason


def test_a_code_is_good_one_step_around_now_and_never_twice():
    generator = pyotp.TOTP(pyotp.random_base32())
    present = int(NOW.timestamp()) // rules.STEP_SECONDS

    def step(skew, last=0):
        code = generator.generate_otp(present + skew)
        return rules.step_of(code, last_step=last, now=NOW, code_at=generator.generate_otp)

    assert [step(skew) for skew in (-2, -1, 0, 1, 2)] == [
        None,
        present - 1,
        present,
        present + 1,
        None,
    ]
    assert step(0, last=present) is None
    assert step(-1, last=present) is None
    assert step(1, last=present) == present + 1


def test_secrets_are_read_with_every_key_and_written_with_the_first():
    old, new = b"an old key", b"a new key"
    made = Totp(Fixed((old,))).new("user_1", "one@paris.example")
    factor = SecondFactor(admin_id="user_1", secret=made.ciphertext, last_step=0, create_time=NOW)
    code = pyotp.TOTP(made.secret).at(NOW)

    assert Totp(Fixed((new, old))).step(factor, code, now=NOW)
    assert made.secret.encode() not in made.ciphertext
    with pytest.raises(Internal):
        Totp(Fixed((new,))).step(factor, code, now=NOW)


def test_a_secret_copied_into_another_admins_row_is_worth_nothing():
    box = Totp(Fixed((b"a key",)))
    made = box.new("user_1", "one@paris.example")
    stolen = SecondFactor(admin_id="user_2", secret=made.ciphertext, last_step=0, create_time=NOW)

    with pytest.raises(Internal):
        box.step(stolen, pyotp.TOTP(made.secret).at(NOW), now=NOW)


async def test_a_login_asks_for_the_second_factor_of_who_has_one(with_totp, logged_in, events_of):
    email, _, generator, _ = await with_totp()

    assert await refused(logged_in(email)) == "TOTP_REQUIRED"
    assert await refused(logged_in(email, RIGHT, "000000")) == "TOTP_INVALID"
    assert await refused(logged_in(email, "wrong", generator.now())) == "CREDENTIALS_INVALID"
    admin, _, _ = await logged_in(email, RIGHT, generator.now())

    events = await events_of("hq", number=7, resource=admin)
    assert [e.outcome for e in events[-4:]] == [Event.OUTCOME_DENIED] * 3 + [Event.OUTCOME_DONE]
    assert generator.secret not in str(events)


async def test_a_code_is_good_for_one_login(with_totp, logged_in):
    email, _, generator, _ = await with_totp()
    code = generator.now()

    tries = await asyncio.gather(
        *(logged_in(email, RIGHT, code) for _ in range(3)), return_exceptions=True
    )

    assert sum(isinstance(one, tuple) for one in tries) == 1


async def test_a_recovery_code_is_good_once_in_any_spelling(with_totp, logged_in):
    email, _, _, codes = await with_totp()
    other, _, _, _ = await with_totp()
    assert len(set(codes)) == 10

    full_width = {ord(digit): ord(digit) - ord("0") + 0xFF10 for digit in "23456789"}

    await logged_in(email, RIGHT, codes[0].lower().replace("-", " ").translate(full_width))

    assert await refused(logged_in(email, RIGHT, codes[0])) == "TOTP_INVALID"
    assert await refused(logged_in(other, RIGHT, codes[1])) == "TOTP_INVALID"
    await logged_in(email, RIGHT, codes[1])


async def test_neither_the_secret_nor_a_code_is_stored_in_clear(with_totp, rows):
    _, _, generator, codes = await with_totp()

    stored = str(await rows.fetch("SELECT * FROM second_factor")) + str(
        await rows.fetch("SELECT * FROM recovery_code")
    )

    assert generator.secret not in stored
    assert codes[0].replace("-", "") not in stored


async def test_codes_are_guessed_ten_times_at_most(with_totp, logged_in):
    email, _, generator, _ = await with_totp()

    for _ in range(10):
        assert await refused(logged_in(email, RIGHT, "000000")) == "TOTP_INVALID"
    with pytest.raises(ResourceExhausted):
        await logged_in(email, RIGHT, generator.now())


async def test_a_new_password_gives_no_more_guesses_at_the_second_factor(
    platform, with_totp, logged_in, account
):
    email, _, generator, _ = await with_totp()
    for _ in range(10):
        assert await refused(logged_in(email, RIGHT, "000000")) == "TOTP_INVALID"
    anybody = account("services/gateway", "")

    await anybody.ResetPassword(pb.ResetPasswordRequest(email=email))
    token = token_in(await mail_to(platform, email))
    await anybody.SetPassword(pb.SetPasswordRequest(token=token, password=NEWER))

    with pytest.raises(ResourceExhausted):
        await logged_in(email, NEWER, generator.now())


async def test_a_secret_counts_once_it_is_confirmed(new_admin, logged_in, account):
    _, email = await new_admin()
    admin, session, _ = await logged_in(email)
    stub = account(admin, session)
    with pytest.raises(NotFound):
        await stub.ConfirmTotp(pb.ConfirmTotpRequest(code="000000"))
    await stub.CreateTotp(pb.CreateTotpRequest(password=RIGHT))

    with pytest.raises(PermissionDenied) as refusal:
        await stub.ConfirmTotp(pb.ConfirmTotpRequest(code="000000"))

    assert refusal.value.reason == "TOTP_INVALID"
    await logged_in(email)


async def test_the_second_factor_is_changed_by_who_proves_both(with_totp, logged_in):
    email, stub, generator, codes = await with_totp()

    with pytest.raises(AlreadyExists):
        await stub.CreateTotp(pb.CreateTotpRequest(password=RIGHT))
    with pytest.raises(PermissionDenied) as refusal:
        await stub.CreateTotp(pb.CreateTotpRequest(password="wrong"))
    assert refusal.value.reason == "PASSWORD_WRONG"
    for password, code, reason in (
        ("wrong", codes[0], "PASSWORD_WRONG"),
        (RIGHT, "000000", "TOTP_INVALID"),
    ):
        with pytest.raises(PermissionDenied) as refusal:
            await stub.DeleteTotp(pb.DeleteTotpRequest(password=password, code=code))
        assert refusal.value.reason == reason
    await stub.DeleteTotp(pb.DeleteTotpRequest(password=RIGHT, code=generator.now()))

    await logged_in(email)
