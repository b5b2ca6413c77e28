"""Pages of admins and of open invites: what a client may filter and sort them by."""

import uuid

import pytest
from souk.tenant_registry.v1 import access_service_pb2 as access_pb
from souk.tenant_registry.v1 import admin_service_pb2 as admin_pb
from souk.tenant_registry.v1 import invite_service_pb2 as invite_pb

from services.kernel.call.errors import InvalidArgument, NotFound, ServiceError
from tests.tenant_registry.acting import stub_of
from tests.tenant_registry.mailbox import mail_to, token_in


@pytest.fixture
def make_invites(invite, new_tenant):
    """Invites three people to a new tenant; tells the tenant and the invites."""

    async def make(name):
        tenant = await new_tenant(name)
        addresses = [f"{letter}.{uuid.uuid4().hex}@{name}.example" for letter in "cab"]
        return tenant, [(await invite(tenant, address))[0] for address in addresses]

    return make


@pytest.fixture
def listed(invites):
    async def ask(tenant, **request):
        parent = f"tenants/{tenant}"
        found = await invites(tenant).ListInvites(
            invite_pb.ListInvitesRequest(parent=parent, **request)
        )
        return [invite.name for invite in found.invites], found

    return ask


async def test_invites_are_paged_sorted_and_filtered_within_their_tenant(make_invites, listed):
    paris, (c, a, b) = await make_invites("paris")
    lyon, _ = await make_invites("lyon")

    assert (await listed(paris))[0] == [c.name, a.name, b.name]
    assert (await listed(paris, order_by="-email"))[0] == [c.name, b.name, a.name]
    names, page = await listed(paris, page_size=2, order_by="email")
    assert (names, page.total_size) == ([a.name, b.name], 3)
    names, page = await listed(
        paris, page_size=2, order_by="email", page_token=page.next_page_token
    )
    assert (names, page.next_page_token) == ([c.name], "")
    assert (await listed(paris, skip=1))[0] == [a.name, b.name]
    assert (await listed(paris, query=a.email[:20].upper()))[0] == [a.name]
    assert (await listed(paris, query="%"))[0] == []
    assert (await listed(paris, emails=[a.email.upper(), c.email]))[0] == [c.name, a.name]
    assert (await listed(paris, invites=[b.name]))[0] == [b.name]
    assert (await listed(lyon, emails=[a.email]))[0] == []


async def test_another_tenants_invite_is_neither_listed_nor_read(make_invites, listed, invites):
    paris, (made, *_) = await make_invites("paris")
    lyon, _ = await make_invites("lyon")
    there = made.name.replace(paris, lyon)

    assert await invites(paris).GetInvite(invite_pb.GetInviteRequest(name=made.name)) == made
    assert (await listed(lyon, invites=[there]))[0] == []
    with pytest.raises(ServiceError) as elsewhere:
        await listed(lyon, invites=[made.name])
    with pytest.raises(NotFound) as missing:
        await invites(lyon).GetInvite(invite_pb.GetInviteRequest(name=there))
    assert (elsewhere.value.reason, missing.value.reason) == ("SCOPE_MISMATCH", "INVITE_NOT_FOUND")


async def test_an_accepted_invite_is_no_longer_read(platform, invite, invites, accept, new_tenant):
    paris, address = await new_tenant("paris"), f"{uuid.uuid4().hex}@paris.example"
    made, _ = await invite(paris, address)
    await accept(token_in(await mail_to(platform, address)))

    with pytest.raises(NotFound):
        await invites(paris).GetInvite(invite_pb.GetInviteRequest(name=made.name))


async def test_admins_are_found_by_words_names_and_ids(scoped_stub, employ):
    stub = stub_of(scoped_stub, "admins", await employ("GlobalAdmin", None), None)
    mark = uuid.uuid4().hex
    people = [("Zoé", "Martin"), ("Ana", "Martin"), ("Ana", "100%")]
    made = [
        await stub.CreateAdmin(
            admin_pb.CreateAdminRequest(
                admin=access_pb.Admin(
                    email=f"{place}.{mark}@paris.example", first_name=first, last_name=last
                )
            )
        )
        for place, (first, last) in enumerate(people)
    ]
    zoe, ana, other = [admin.name for admin in made]

    async def found(**request):
        answer = await stub.ListAdmins(admin_pb.ListAdminsRequest(**request))
        return [admin.name for admin in answer.admins]

    assert await found(query=f"{mark} MARTIN") == [zoe, ana]
    assert await found(query=f"{mark} zoé") == [zoe]
    assert await found(query=f"{mark} %") == [other]
    assert await found(query=mark, first_name="Ana", last_name="Martin") == [ana]
    assert await found(query=mark, first_name="ana") == []
    assert await found(admins=[other, zoe]) == [zoe, other]
    assert await found(query=mark, order_by="-last_name") == [ana, zoe, other]
    assert await found(query=mark, order_by="-created_at", page_size=1) == [other]
    with pytest.raises(InvalidArgument) as refusal:
        await found(order_by="password_hash")
    assert refusal.value.reason == "ORDER_INVALID"
