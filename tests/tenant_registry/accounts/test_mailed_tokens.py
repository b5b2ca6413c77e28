"""Tokens sent by mail are good only while the address is that of the person they were meant for."""

import asyncio
import uuid

import pytest
from souk.tenant_registry.v1 import access_service_pb2 as access_pb
from souk.tenant_registry.v1 import account_service_pb2 as accounts
from souk.tenant_registry.v1 import admin_service_pb2 as admins
from souk.tenant_registry.v1 import invite_service_pb2 as invites
from souk.tenant_registry.v1.account_service_pb2_grpc import AccountServiceStub
from souk.tenant_registry.v1.invite_service_pb2_grpc import InviteServiceStub

from tests.tenant_registry.acting import refusal, stub_of
from tests.tenant_registry.mailbox import mail_to, token_in

NEWER = "a longer password of one's own"


@pytest.fixture
def gateway(session_stub):
    return session_stub(kind=AccountServiceStub)


@pytest.fixture
def change_address(scoped_stub, new_admin, assign):
    """Gives an admin without a role another address, as a GlobalAdmin may; tells the address."""

    async def change(admin):
        keeper, _ = await new_admin()
        await assign(keeper, "GlobalAdmin", None)
        moved = f"{uuid.uuid4().hex}@moved.example"
        request = admins.UpdateAdminRequest(
            admin=access_pb.Admin(name=f"admins/{admin}", email=moved)
        )
        await stub_of(scoped_stub, "admins", keeper, None).UpdateAdmin(request)
        return moved

    return change


async def test_a_reset_token_ends_when_its_address_is_no_longer_the_accounts(
    platform, gateway, new_admin, change_address
):
    admin, former = await new_admin()
    _, others = await new_admin()
    for email in (former, others):
        await gateway.ResetPassword(accounts.ResetPasswordRequest(email=email))
    token, others_token = [token_in(await mail_to(platform, one)) for one in (former, others)]

    current = await change_address(admin)

    request = accounts.SetPasswordRequest(token=token, password=NEWER)
    assert await refusal(gateway.SetPassword(request)) == "RESET_TOKEN_INVALID"
    await gateway.SetPassword(accounts.SetPasswordRequest(token=others_token, password=NEWER))
    await gateway.ResetPassword(accounts.ResetPasswordRequest(email=current))
    renewed = token_in(await mail_to(platform, current))
    await gateway.SetPassword(accounts.SetPasswordRequest(token=renewed, password=NEWER))


async def test_a_reset_token_made_while_the_address_changes_ends_too(
    gateway, new_admin, rows, database
):
    admin, former = await new_admin()
    watcher = await database("tenant-registry", "superuser")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

    async with rows.transaction():
        moved = f"{uuid.uuid4().hex}@moved.example"
        await rows.execute("UPDATE admin SET email = $2 WHERE admin_id = $1", admin, moved)
        await gateway.ResetPassword(accounts.ResetPasswordRequest(email=former))
        async with asyncio.timeout(10):
            while not await watcher.fetchval(waiting):
                await asyncio.sleep(0.02)

    # The reset waited within its transaction, so it is over when no transaction is open.
    open_ones = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
    )
    async with asyncio.timeout(10):
        while await watcher.fetchval(open_ones):
            await asyncio.sleep(0.02)
    assert not await rows.fetch("SELECT FROM password_reset WHERE admin_id = $1", admin)


async def test_invites_to_an_address_end_everywhere_when_its_account_gets_another(
    platform, invite, new_admin, new_tenant, change_address, session_stub, events_of
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    admin, former = await new_admin()
    bystander = f"{uuid.uuid4().hex}@paris.example"
    sent = [
        (await invite(tenant, email))[0]
        for tenant, email in ((paris, former), (lyon, former), (lyon, bystander))
    ]
    token = token_in(await mail_to(platform, former, number=2))
    bystanders_token = token_in(await mail_to(platform, bystander))

    await change_address(admin)

    def accepted(token):
        request = invites.AcceptInviteRequest(token=token, password=NEWER)
        return session_stub(kind=InviteServiceStub).AcceptInvite(request)

    assert await refusal(accepted(token)) == "INVITE_TOKEN_INVALID"
    assert (await accepted(bystanders_token)).email == bystander
    for tenant, one in zip((paris, lyon), sent, strict=False):
        _, withdrawn = await events_of(tenant, number=2, resource=one.name)
        assert withdrawn.method.endswith("UpdateAdmin")
