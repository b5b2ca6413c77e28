"""Tokens sent by mail end when their address is no longer that of whom they were meant for."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.evidence import audit
from services.tenant_registry.accounts import messages, queries
from services.tenant_registry.models import Admin


async def end_at_former_address(
    session: AsyncSession, admin: Admin, former: str, *, now: datetime
) -> None:
    """Ends what was mailed to an address that an admin, whose row is locked, no longer has.

    Whoever reads the former mailbox now could otherwise still set the password, or accept a role
    that was meant for the admin. The withdrawal of an invite is an event at its place.
    """
    await queries.delete_resets(session, admin.admin_id)
    for invite in await queries.open_invites_to(session, former, now=now):
        message = messages.invite(invite)
        await session.delete(invite)
        audit.record(session, resource=message.name, before=message, tenant=invite.tenant_id)
