"""How much mail invites can cause: to one address, and from one place."""

import asyncio
import uuid

import pytest
from souk.tenant_registry.v1 import invite_service_pb2 as pb
from souk.tenant_registry.v1.invite_service_pb2_grpc import InviteServiceStub

from services.kernel.call.errors import ServiceError
from services.tenant_registry.accounts.attempts import hashed
from services.tenant_registry.accounts.mail_limits import (
    INVITES_FROM_PLACE,
    INVITES_OF_ALL_TO_ADDRESS,
    INVITES_TO_ADDRESS,
)
from tests.tenant_registry.mailbox import mail_to, token_in

MOST = INVITES_TO_ADDRESS.most


@pytest.fixture
def inviter(invites, boss_of):
    """Makes a TenantAdmin's own stub of invites, and what sends one from there."""

    async def make(tenant):
        boss, _ = await boss_of(tenant)
        stub = invites(tenant, boss)

        def invite(email):
            message = pb.Invite(email=email, role="roles/OrderOps", reason="a test")
            return stub.CreateInvite(
                pb.CreateInviteRequest(parent=f"tenants/{tenant}", invite=message)
            )

        return stub, invite

    return make


@pytest.fixture
def counted(rows):
    """Sets what was counted so far."""

    async def put(what, number):
        done = await rows.execute(
            "UPDATE attempt SET number = $2 WHERE account_hash = $1", hashed(what), number
        )
        assert done == "UPDATE 1"

    return put


def nobodys():
    return f"{uuid.uuid4().hex}@paris.example"


async def refusal(act):
    with pytest.raises(ServiceError) as refused:
        await act
    assert 0 < int(refused.value.metadata["retry_after_seconds"]) <= 24 * 60 * 60
    return refused.value.reason


async def test_an_invite_is_sent_a_few_times_a_day(
    platform, inviter, new_tenant, session_stub, rows
):
    paris, email = await new_tenant("paris"), nobodys()
    stub, invite = await inviter(paris)
    made = await invite(email)
    again = pb.ResendInviteRequest(name=made.name)
    for _ in range(MOST - 1):
        await stub.ResendInvite(again)

    assert await refusal(stub.ResendInvite(again)) == "MAIL_LIMITED"

    token = token_in(await mail_to(platform, email, number=MOST))
    accepted = pb.AcceptInviteRequest(token=token, password="a long password of one's own")
    assert (await session_stub(kind=InviteServiceStub).AcceptInvite(accepted)).email == email
    mails = [path.read_text() for path in platform.topology.mail.glob("*.eml")]
    assert sum(email in mail for mail in mails) == MOST


async def test_many_at_once_send_no_more(platform, inviter, new_tenant):
    email = nobodys()
    stub, invite = await inviter(await new_tenant("paris"))
    again = pb.ResendInviteRequest(name=(await invite(email)).name)

    sent = await asyncio.gather(*(stub.ResendInvite(again) for _ in range(12)),
                                return_exceptions=True)  # fmt: skip

    assert sum(isinstance(one, pb.Invite) for one in sent) == MOST - 1


async def test_the_mail_limit_counts_repeated_invites_of_one_tenant_to_one_address(
    inviter, new_tenant
):
    email = nobodys()
    stub, invite = await inviter(await new_tenant("paris"))
    for _ in range(MOST):
        made = await invite(email)
        await stub.DeleteInvite(pb.DeleteInviteRequest(name=made.name))

    assert await refusal(invite(email)) == "MAIL_LIMITED"

    await invite(nobodys())
    _, invite_from_lyon = await inviter(await new_tenant("lyon"))
    await invite_from_lyon(email)


async def test_an_invite_that_is_refused_counts_nothing(inviter, new_tenant):
    paris, email = await new_tenant("paris"), nobodys()
    stub, invite = await inviter(paris)
    wrong = pb.Invite(email=email, role="roles/GlobalAdmin", reason="a test")
    for _ in range(MOST + 1):
        with pytest.raises(ServiceError):
            await stub.CreateInvite(pb.CreateInviteRequest(parent=f"tenants/{paris}", invite=wrong))

    await invite(email)


async def test_all_tenants_together_do_not_flood_an_address(inviter, new_tenant, counted):
    email = nobodys()
    _, invite_from_paris = await inviter(await new_tenant("paris"))
    _, invite_from_lyon = await inviter(await new_tenant("lyon"))
    await invite_from_paris(email)
    await counted(f"invites to {email}", INVITES_OF_ALL_TO_ADDRESS.most)

    assert await refusal(invite_from_lyon(email)) == "MAIL_LIMITED"


async def test_a_tenant_sends_so_many_invites_a_day(inviter, new_tenant, counted):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    _, invite_from_paris = await inviter(paris)
    _, invite_from_lyon = await inviter(lyon)
    await invite_from_paris(nobodys())
    await counted(f"invites from tenants/{paris}", INVITES_FROM_PLACE.most)

    assert await refusal(invite_from_paris(nobodys())) == "MAIL_LIMITED"
    await invite_from_lyon(nobodys())


async def test_the_next_day_an_invite_is_sent_again(inviter, new_tenant, rows):
    paris, email = await new_tenant("paris"), nobodys()
    stub, invite = await inviter(paris)
    again = pb.ResendInviteRequest(name=(await invite(email)).name)
    for _ in range(MOST - 1):
        await stub.ResendInvite(again)
    await rows.execute(
        "UPDATE attempt SET end_time = end_time - interval '1 day' WHERE account_hash = $1",
        hashed(f"invites to {email} from tenants/{paris}"),
    )

    await stub.ResendInvite(again)
