"""Invites: who may send, see and withdraw them."""

import uuid

import pytest
from souk.tenant_registry.v1 import invite_service_pb2 as pb

from services.kernel.call.errors import (
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from tests.tenant_registry.mailbox import mail_to, token_in


def nobodys():
    return f"{uuid.uuid4().hex}@paris.example"


@pytest.mark.parametrize(
    ("role", "reason"), [("GlobalAdmin", PermissionDenied), ("Nobody", NotFound)]
)
async def test_nobody_invites_to_what_they_could_not_give(invite, new_tenant, role, reason):
    with pytest.raises(reason):
        await invite(await new_tenant(), nobodys(), role)


async def test_a_tenants_admin_invites_to_no_other_tenant(invites, boss_of, new_tenant):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, _ = await boss_of(paris)
    invite = pb.Invite(email=nobodys(), role="roles/TenantAdmin", reason="a test")

    with pytest.raises(PermissionDenied) as elsewhere:
        await invites(paris, boss).CreateInvite(
            pb.CreateInviteRequest(parent=f"tenants/{lyon}", invite=invite)
        )
    with pytest.raises(PermissionDenied) as exceeding:
        await invites(lyon, boss).CreateInvite(
            pb.CreateInviteRequest(parent=f"tenants/{lyon}", invite=invite)
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
    listed = (await here.ListInvites(pb.ListInvitesRequest(parent=f"tenants/{paris}"))).invites
    await here.DeleteInvite(pb.DeleteInviteRequest(name=made.name))

    assert [one.name for one in listed] == [made.name]
    assert token not in str(listed)
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
    listing = await invites(paris).ListInvites(pb.ListInvitesRequest(parent=f"tenants/{paris}"))
    assert [one.name for one in listing.invites] == [made.name]

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
    ["", "nobody", "root@localhost", "a b@paris.example", "a@b@c.example", "İ" * 126 + "@y.ex"],
)
async def test_an_invalid_address_is_not_invited(invite, email):
    with pytest.raises(InvalidArgument) as refusal:
        await invite("paris", email)

    assert refusal.value.reason == "INVITE_INVALID"
