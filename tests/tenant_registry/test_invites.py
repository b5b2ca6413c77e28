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
    PermissionDenied,
    Unauthenticated,
)
from tests.tenant_registry.conftest import RIGHT
from tests.tenant_registry.mailbox import mail_to, token_in

PASSWORD = "a long password of one's own"


@pytest.fixture
def invites(scoped_stub):
    def make(tenant=None, actor="services/gateway"):
        permissions = {"assignment:read", "assignment:write", "session:create"}
        return scoped_stub(
            InviteServiceStub,
            "tenant-registry",
            tenant=tenant,
            actor=actor,
            permissions=permissions,
        )

    return make


@pytest.fixture
def boss_of(new_admin, assign):
    """Makes a TenantAdmin of a tenant or, with None, a GlobalAdmin; tells their name."""

    async def make(tenant):
        admin, _ = await new_admin()
        given = await assign(admin, "TenantAdmin" if tenant else "GlobalAdmin", tenant)
        return f"admins/{admin}", given

    return make


@pytest.fixture
def invite(invites, boss_of):
    """Invites an address to a role at a tenant; tells the invite and its maker's assignment."""

    async def send(tenant, email, role="TenantAdmin"):
        boss, given = await boss_of(tenant)
        request = pb.CreateInviteRequest(
            parent=f"tenants/{tenant}" if tenant else "",
            invite=pb.Invite(email=email, role=f"roles/{role}", reason="a new colleague"),
        )
        return await invites(tenant, boss).CreateInvite(request), given

    return send


@pytest.fixture
def accept(invites):
    async def ask(token, password=PASSWORD, **more):
        request = pb.AcceptInviteRequest(token=token, password=password, **more)
        return await invites().AcceptInvite(request)

    return ask


@pytest.fixture
def roles_of(access):
    async def ask(admin, tenant):
        request = access_pb.ResolveAccessRequest(
            admin=admin, tenant=f"tenants/{tenant}" if tenant else ""
        )
        return list((await access.ResolveAccess(request)).roles)

    return ask


def nobodys():
    return f"{uuid.uuid4().hex}@paris.example"


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

    async def refusal(who, where, asked=request):
        with pytest.raises((NotFound, Unauthenticated)) as refused:
            await session_stub(who, where, InviteServiceStub).AcceptOwnInvite(asked)
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


async def test_an_inviter_who_lost_the_right_gives_nothing_to_who_has_a_session_either(
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


async def test_an_inviter_who_lost_the_right_gives_nothing(
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


@pytest.mark.parametrize(
    ("role", "reason"), [("GlobalAdmin", PermissionDenied), ("Nobody", NotFound)]
)
async def test_nobody_invites_to_what_they_could_not_give(invite, new_tenant, role, reason):
    with pytest.raises(reason):
        await invite(await new_tenant(), nobodys(), role)


async def test_a_tenants_admin_invites_to_no_other_tenant(invites, boss_of, new_tenant):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, _ = await boss_of(paris)
    wanted = pb.Invite(email=nobodys(), role="roles/TenantAdmin", reason="a test")

    with pytest.raises(PermissionDenied) as elsewhere:
        await invites(paris, boss).CreateInvite(
            pb.CreateInviteRequest(parent=f"tenants/{lyon}", invite=wanted)
        )
    with pytest.raises(PermissionDenied) as exceeding:
        await invites(lyon, boss).CreateInvite(
            pb.CreateInviteRequest(parent=f"tenants/{lyon}", invite=wanted)
        )

    assert (elsewhere.value.reason, exceeding.value.reason) == ("SCOPE_MISMATCH", "GRANT_EXCEEDS")


async def test_an_invite_is_taken_back_and_another_tenants_is_out_of_sight(
    platform, invite, invites, accept, boss_of, new_tenant
):
    paris, lyon, email = await new_tenant("paris"), await new_tenant("lyon"), nobodys()
    made, _ = await invite(paris, email)
    token = token_in(await mail_to(platform, email))
    here, there = invites(paris, (await boss_of(paris))[0]), invites(lyon)
    in_lyon = made.name.replace(f"tenants/{paris}", f"tenants/{lyon}")

    assert not (await there.ListInvites(pb.ListInvitesRequest(parent=f"tenants/{lyon}"))).invites
    with pytest.raises(NotFound):
        await there.DeleteInvite(pb.DeleteInviteRequest(name=in_lyon))
    shown = (await here.ListInvites(pb.ListInvitesRequest(parent=f"tenants/{paris}"))).invites
    await here.DeleteInvite(pb.DeleteInviteRequest(name=made.name))

    assert [one.name for one in shown] == [made.name]
    assert token not in str(shown)
    with pytest.raises(Unauthenticated):
        await accept(token)
    with pytest.raises(NotFound) as refusal:
        await here.DeleteInvite(pb.DeleteInviteRequest(name=made.name))
    assert refusal.value.reason == "INVITE_NOT_FOUND"


async def test_an_invite_is_withdrawn_by_its_inviter_or_by_who_holds_what_it_offers(
    invite, invites, boss_of, new_tenant, new_admin, assign, rows
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    made, given = await invite(paris, nobodys())
    lesser, _ = await new_admin()
    await assign(lesser, "OrderOps", paris)
    elsewhere, _ = await new_admin()
    await assign(elsewhere, "TenantAdmin", lyon)
    request = pb.DeleteInviteRequest(name=made.name)

    for admin in (lesser, elsewhere):
        with pytest.raises(PermissionDenied) as refusal:
            await invites(paris, f"admins/{admin}").DeleteInvite(request)
        assert refusal.value.reason == "GRANT_OVER_MORE"
        assert "assignment:write" in refusal.value.metadata["permissions"]
    shown = await invites(paris).ListInvites(pb.ListInvitesRequest(parent=f"tenants/{paris}"))
    assert [one.name for one in shown.invites] == [made.name]

    await rows.execute("UPDATE assignment SET revoke_time = now() WHERE assignment_id = $1", given)
    await invites(paris, made.invited_by).DeleteInvite(request)
    small, _ = await invite(paris, nobodys(), "OrderOps")
    await invites(paris, f"admins/{lesser}").DeleteInvite(pb.DeleteInviteRequest(name=small.name))


async def test_an_invite_that_is_sent_again_has_a_new_token_and_a_new_inviter(
    platform, invite, invites, boss_of, accept, new_tenant, roles_of
):
    paris, email = await new_tenant(), nobodys()
    made, _ = await invite(paris, email)
    first = token_in(await mail_to(platform, email))
    boss, _ = await boss_of(paris)

    again = await invites(paris, boss).ResendInvite(pb.ResendInviteRequest(name=made.name))

    second = token_in(await mail_to(platform, email, number=2))
    assert (made.invited_by != boss, again.invited_by) == (True, boss)
    with pytest.raises(Unauthenticated):
        await accept(first)
    admin = await accept(second)
    assert await roles_of(admin.name, paris) == ["TenantAdmin"]


async def test_an_invite_is_over_after_seven_days(platform, invite, accept, new_tenant, rows):
    paris, email = await new_tenant(), nobodys()
    await invite(paris, email)
    token = token_in(await mail_to(platform, email))
    await rows.execute(
        "UPDATE invite SET end_time = end_time - interval '7 days' WHERE email = $1", email
    )

    with pytest.raises(Unauthenticated):
        await accept(token)


async def test_the_platform_invites_to_roles_that_count_everywhere(
    platform, invite, accept, roles_of
):
    email = nobodys()
    made, _ = await invite(None, email, "GlobalAdmin")

    admin = await accept(token_in(await mail_to(platform, email)))

    assert made.name.startswith("invites/inv_")
    assert await roles_of(admin.name, None) == ["GlobalAdmin"]
    for tenant in ("paris", "lyon"):
        assert await roles_of(admin.name, tenant) == ["GlobalAdmin"]


async def test_a_repeated_request_invites_once(platform, invites, boss_of, new_tenant, rows):
    paris, email = await new_tenant(), nobodys()
    boss, _ = await boss_of(paris)
    request = pb.CreateInviteRequest(
        parent=f"tenants/{paris}",
        invite=pb.Invite(email=email, role="roles/TenantAdmin", reason="a test"),
        request_id=str(uuid.uuid4()),
    )

    first = await invites(paris, boss).CreateInvite(request)
    second = await invites(paris, boss).CreateInvite(request)

    assert first == second
    assert await rows.fetchval("SELECT count(*) FROM invite WHERE email = $1", email) == 1


@pytest.mark.parametrize(
    "email",
    ["", "nobody", "root@localhost", "a b@paris.example", "a@b@c.example", "x" * 250 + "@y.ex"],
)
async def test_what_is_no_address_is_not_invited(invite, email):
    with pytest.raises(InvalidArgument) as refusal:
        await invite("paris", email)

    assert refusal.value.reason == "INVITE_INVALID"


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
