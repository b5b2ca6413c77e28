"""Registrations: what a stranger gets before accepting an invite, and what it is good for."""

import uuid
from datetime import timedelta

import pytest
from souk.tenant_registry.v1 import invite_service_pb2 as pb

from services.kernel.call.errors import InvalidArgument, ResourceExhausted, Unauthenticated
from services.kernel.process.secret_files import Fixed
from services.tenant_registry.accounts import registrations
from services.tenant_registry.accounts.registrations import REGISTRATIONS, Registrations
from tests.tenant_registry.conftest import RIGHT
from tests.tenant_registry.mailbox import mail_to, token_in

PASSWORD = "a long password of one's own"


def nobodys():
    return f"{uuid.uuid4().hex}@paris.example"


@pytest.fixture
def register(invites):
    async def request(email, password=PASSWORD):
        answer = await invites().Register(pb.RegisterRequest(email=email, password=password))
        return answer.registration

    return request


@pytest.fixture
def invited(platform, invite):
    """Invites an address to a tenant; tells the token in the mail."""

    async def send(tenant, email):
        await invite(tenant, email)
        return token_in(await mail_to(platform, email))

    return send


async def refusal(act):
    with pytest.raises((Unauthenticated, InvalidArgument)) as refused:
        await act
    return refused.value.reason


async def test_a_registration_and_an_invite_make_an_account_there_and_nowhere_else(
    register, invited, accept, roles_of, new_tenant, logged_in
):
    paris, lyon, email = await new_tenant("paris"), await new_tenant("lyon"), nobodys()
    token = await invited(paris, email)

    registration = await register(f" {email.upper()} ")
    admin = await accept(token, "", registration=registration, email=email, first_name="Ana")

    assert (admin.email, admin.first_name) == (email, "Ana")
    assert await roles_of(admin.name, paris) == ["TenantAdmin"]
    assert await roles_of(admin.name, lyon) == []
    await logged_in(email, PASSWORD)
    again = accept(token, "", registration=registration)
    assert await refusal(again) == "INVITE_TOKEN_INVALID"


async def test_a_registration_is_for_one_address(register, invited, accept, new_tenant):
    paris, email = await new_tenant("paris"), nobodys()
    token = await invited(paris, email)

    for registration in (await register(nobodys()), "souk_register_x", "x"):
        refused = accept(token, "", registration=registration)
        assert await refusal(refused) == "REGISTRATION_INVALID"
    mine = {"registration": await register(email)}
    assert await refusal(accept(token, "", **mine, email=nobodys())) == "INVITE_INVALID"

    assert (await accept(token, "", **mine)).email == email


async def test_a_registration_does_not_take_over_the_account_that_has_the_address(
    register, invited, accept, new_admin, new_tenant, roles_of, logged_in
):
    paris = await new_tenant("paris")
    admin, email = await new_admin()
    token = await invited(paris, email)

    registration = await register(email)

    assert len(registration) > 100
    refused = accept(token, "", registration=registration)
    assert await refusal(refused) == "ACCOUNT_EXISTS"
    assert await roles_of(f"admins/{admin}", paris) == []
    await logged_in(email, RIGHT)


async def test_without_a_registration_a_password_is_asked_for(invited, accept, new_tenant):
    token = await invited(await new_tenant("paris"), nobodys())

    assert await refusal(accept(token, "")) == "PASSWORD_INVALID"


@pytest.mark.parametrize(
    ("email", "password", "reason"),
    [("nobody", PASSWORD, "INVITE_INVALID"), ("a@paris.example", "short", "PASSWORD_INVALID")],
)
async def test_nothing_is_registered_that_could_never_be_accepted(
    register, email, password, reason
):
    assert await refusal(register(email, password)) == reason


async def test_registrations_of_an_address_are_limited_whether_it_is_known_or_not(
    register, new_admin
):
    _, known = await new_admin()
    for email in (known, nobodys()):
        for _ in range(REGISTRATIONS.most):
            await register(email)
        with pytest.raises(ResourceExhausted) as limited:
            await register(email)
        assert limited.value.reason == "LOGIN_LIMITED"


def test_a_registration_ends_and_is_sealed(monkeypatch):
    ours, others = (Registrations(Fixed((bytes([n]) * 32,))) for n in (1, 2))
    sealed = ours.seal("é" * 200 + "@paris.example", "$argon2id$" + "x" * 90)

    assert len(sealed) < 2000
    assert "argon2" not in sealed
    assert ours.password_hash(sealed, "é" * 200 + "@paris.example") is not None
    assert others.password_hash(sealed, "é" * 200 + "@paris.example") is None
    monkeypatch.setattr(registrations, "LIFETIME", timedelta(seconds=-1))
    assert ours.password_hash(sealed, "é" * 200 + "@paris.example") is None
