"""How much mail somebody can cause: to one address, and from one place.

Asking for a new password needs no account, and inviting needs only a role at one tenant: without
limits, either would fill a stranger's mailbox.
"""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import ResourceExhausted
from services.tenant_registry.accounts import session_queries
from services.tenant_registry.accounts.attempts import Limit, hashed, seconds_until

_DAY = timedelta(days=1)
RESETS = Limit(5, timedelta(minutes=15))
RESETS_A_DAY = Limit(20, _DAY)
# Of one place to one address, so also for one invite, whether it is sent again or made again.
INVITES_TO_ADDRESS = Limit(5, _DAY)
# Of all places, so that several tenants together do not flood an address.
INVITES_OF_ALL_TO_ADDRESS = Limit(15, _DAY)
INVITES_FROM_PLACE = Limit(300, _DAY)


async def count_invite(
    session: AsyncSession, email: str, tenant: str | None, *, now: datetime
) -> None:
    """Counts a mail in the transaction of the act that sends it; one that fails counts nothing.

    Raises:
        ResourceExhausted: MAIL_LIMITED, with the seconds to wait.
    """
    place = f"tenants/{tenant}" if tenant else "the platform"
    limits = (
        (f"invites to {email}", INVITES_OF_ALL_TO_ADDRESS),
        (f"invites to {email} from {place}", INVITES_TO_ADDRESS),
        (f"invites from {place}", INVITES_FROM_PLACE),
    )
    # In the order in which every transaction locks these rows, so that none waits in a circle.
    for counted, limit in sorted(limits, key=lambda counted_limit: hashed(counted_limit[0])):
        number, ends = await session_queries.count_attempt(
            session, hashed(counted), window=limit.window, now=now
        )
        if number > limit.most:
            raise ResourceExhausted(
                "MAIL_LIMITED",
                "Too many invites were sent within a day, to this address or from here."
                " Send this one later.",
                retry_after_seconds=str(seconds_until(ends, now)),
            )
