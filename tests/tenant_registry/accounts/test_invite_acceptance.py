"""Invites are accepted once, by whoever has the address, and give what the inviter may give."""

import asyncio
import uuid

import pyotp
import pytest
from souk.tenant_registry.v1 import access_service_pb2 as access_pb
from souk.tenant_registry.v1 import account_service_pb2 as accounts
from souk.tenant_registry.v1 import invite_service_pb2 as pb
from souk.tenant_registry.v1.account_service_pb2_grpc import AccountServiceStub
from souk.tenant_registry.v1.invite_service_pb2_grpc import InviteServiceStub

from services.kernel.call.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    Unauthenticated,
)
from tests.tenant_registry.conftest import RIGHT
from tests.tenant_registry.mailbox import mail_to, token_in


def nobodys():
    return f"{uuid.uuid4().hex}@paris.example"


PASSWORD = "a long password of one's own"


async def test_an_invited_stranger_becomes_an_admin_there_and_nowhere_else(
    platform, invite, accept, roles_of, new_tenant, logged_in, events_of
):
    paris, lyon, email = await new_tenant("paris"), await new_tenant("lyon"), nobodys()
    made, _ = await invite(paris, f" {email.upper()} ")

    admin = await accept(token_in(await mail_to(platform, email)), first_name="Ana", last_name="B")

    assert made.email == admin.email == email
    assert (admin.first_name, admin.last_name) == ("Ana", "B")
    assert await roles_of(admin.name, paris) == ["TenantAdmin"]
    assert await roles_of(admin.name, lyon) == []
    assert await roles_of(admin.name, None) == []
    await logged_in(email, PASSWORD)
    assert len(await events_of(paris, number=1, resource=made.name)) == 1


async def test_an_invite_is_accepted_once(platform, invite, accept, new_tenant):
    paris, email = await new_tenant(), nobodys()
    await invite(paris, email)
    token = token_in(await mail_to(platform, email))

    done = await asyncio.gather(*(accept(token) for _ in range(3)), return_exceptions=True)

    assert sum(isinstance(one, access_pb.Admin) for one in done) == 1
    with pytest.raises(Unauthenticated) as refusal:
        await accept(token)
    assert refusal.value.reason == "INVITE_TOKEN_INVALID"


async def test_of_two_invites_to_somebody_new_that_are_accepted_at_once_none_breaks(
    platform, invite, accept, new_tenant, roles_of
):
    paris, lyon, email = await new_tenant(), await new_tenant(), nobodys()
    tokens = []
    for number, tenant in enumerate((paris, lyon), start=1):
        await invite(tenant, email)
        tokens.append(token_in(await mail_to(platform, email, number=number)))

    done = await asyncio.gather(*(accept(token) for token in tokens), return_exceptions=True)

    admins = [one for one in done if isinstance(one, access_pb.Admin)]
    others = [one for one in done if one not in admins]
    assert [type(one) for one in others] in ([], [Aborted], [Unauthenticated])
    held = [await roles_of(admins[0].name, tenant) for tenant in (paris, lyon)]
    assert sum(map(len, held)) == len(admins)


async def test_a_token_does_not_take_over_the_account_that_has_the_address(
    platform, invite, accept, new_admin, roles_of, new_tenant, logged_in
):
    paris = await new_tenant()
    admin, email = await new_admin()
    await invite(paris, email)
    token = token_in(await mail_to(platform, email))

    with pytest.raises(Unauthenticated) as refusal:
        await accept(token, PASSWORD)
    assert refusal.value.reason == "CREDENTIALS_INVALID"
    assert await roles_of(f"admins/{admin}", paris) == []
    await accept(token, RIGHT, first_name="Somebody else")

    assert await roles_of(f"admins/{admin}", paris) == ["TenantAdmin"]
    _, _, answer = await logged_in(email)
    assert answer.admin.first_name == ""


async def test_an_account_with_a_second_factor_proves_it_too(
    platform, invite, accept, new_admin, logged_in, session_stub, new_tenant
):
    paris = await new_tenant()
    _, email = await new_admin()
    admin, session, _ = await logged_in(email)
    stub = session_stub(admin, session, AccountServiceStub)
    made = await stub.CreateTotp(accounts.CreateTotpRequest(password=RIGHT))
    confirmed = await stub.ConfirmTotp(
        accounts.ConfirmTotpRequest(code=pyotp.TOTP(made.secret).now())
    )
    await invite(paris, email)
    token = token_in(await mail_to(platform, email))

    for code, reason in (("", "TOTP_REQUIRED"), ("000000", "TOTP_INVALID")):
        with pytest.raises(Unauthenticated) as refusal:
            await accept(token, RIGHT, totp=code)
        assert refusal.value.reason == reason
    await accept(token, RIGHT, totp=confirmed.recovery_codes[0])


async def test_an_invite_to_ones_own_address_is_accepted_with_a_live_session(
    platform, invite, new_admin, logged_in, session_stub, roles_of, new_tenant
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    _, email = await new_admin()
    _, others = await new_admin()
    await invite(paris, email)
    token = token_in(await mail_to(platform, email))
    request = pb.AcceptOwnInviteRequest(token=token)
    admin, session, _ = await logged_in(email)
    other, others_session, _ = await logged_in(others)

    async def refusal(who, where, message=request):
        with pytest.raises((NotFound, Unauthenticated)) as refused:
            await session_stub(who, where, InviteServiceStub).AcceptOwnInvite(message)
        return refused.value.reason

    assert await refusal(other, others_session) == "INVITE_NOT_FOUND"
    assert await refusal(admin, others_session) == "SESSION_ENDED"
    nonsense = pb.AcceptOwnInviteRequest(token="souk_invite_x")
    assert await refusal(admin, session, nonsense) == "INVITE_NOT_FOUND"
    done = await session_stub(admin, session, InviteServiceStub).AcceptOwnInvite(request)

    assert done.email == email
    assert await roles_of(done.name, paris) == ["TenantAdmin"]
    assert await roles_of(done.name, lyon) == []
    assert await refusal(admin, session) == "INVITE_NOT_FOUND"


async def test_an_invite_is_void_for_a_logged_in_admin_too_once_its_inviter_lost_the_right(
    platform, invite, new_admin, logged_in, session_stub, new_tenant, rows, events_of, roles_of
):
    paris, lyon = await new_tenant(), await new_tenant()
    _, email = await new_admin()
    made, given = await invite(paris, email)
    request = pb.AcceptOwnInviteRequest(token=token_in(await mail_to(platform, email)))
    await rows.execute("UPDATE assignment SET revoke_time = now() WHERE assignment_id = $1", given)
    admin, session, _ = await logged_in(email)

    with pytest.raises(FailedPrecondition) as refusal:
        await session_stub(admin, session, InviteServiceStub).AcceptOwnInvite(request)

    assert refusal.value.reason == "INVITE_VOID"
    assert [await roles_of(admin, where) for where in (paris, lyon)] == [[], []]
    _, event = await events_of(paris, number=2, resource=made.name)
    assert (event.reason, event.outcome) == ("INVITE_VOID", event.OUTCOME_DENIED)


async def test_an_invite_is_void_once_its_inviter_lost_the_right(
    platform, invite, accept, new_tenant, rows, events_of
):
    paris, lyon, email = await new_tenant(), await new_tenant(), nobodys()
    made, given = await invite(paris, email)
    token = token_in(await mail_to(platform, email))
    await rows.execute("UPDATE assignment SET revoke_time = now() WHERE assignment_id = $1", given)

    with pytest.raises(FailedPrecondition) as refusal:
        await accept(token)

    assert refusal.value.reason == "INVITE_VOID"
    _, event = await events_of(paris, number=2, resource=made.name)
    assert (event.reason, event.outcome) == ("INVITE_VOID", event.OUTCOME_DENIED)
    assert await events_of(lyon, number=0, resource=made.name) == []
    assert await rows.fetchval("SELECT count(*) FROM admin WHERE email = $1", email) == 0


async def test_an_invite_is_over_after_seven_days(platform, invite, accept, new_tenant, rows):
    paris, email = await new_tenant(), nobodys()
    await invite(paris, email)
    token = token_in(await mail_to(platform, email))
    await rows.execute(
        "UPDATE invite SET end_time = end_time - interval '7 days' WHERE email = $1", email
    )

    with pytest.raises(Unauthenticated):
        await accept(token)


async def test_a_password_chosen_with_an_invite_is_accepted_from_another_machine(
    platform, invite, accept, new_tenant, logged_in
):
    paris, email = await new_tenant(), nobodys()
    await invite(paris, email)

    await accept(token_in(await mail_to(platform, email)), "Zoé's café à Paris")

    await logged_in(email, "Zoe\u0301's cafe\u0301 a\u0300 Paris")


async def test_a_weak_password_does_not_use_the_invite_up(platform, invite, accept, new_tenant):
    paris, email = await new_tenant(), nobodys()
    await invite(paris, email)
    token = token_in(await mail_to(platform, email))

    with pytest.raises(InvalidArgument):
        await accept(token, "short")

    await accept(token)
