"""Refusals about accounts that nobody has: each is counted, and a minute of them is one event.

Anybody can cause them. If each were an event, strangers would fill a tenant's log for good.
"""

from services.commerce.customers import login_queries
from services.kernel.call.scope import Scope, bound, current_method
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.serving.chores import repeat
from services.kernel.serving.server import Runtime

EVERY_SECONDS = 60.0
_SHOPPER = "shoppers/-"


async def count_refusal(db: Database, reason: str) -> None:
    """Counts a refusal of the current call before it is sent.

    In PostgreSQL, so that no end of a process loses it, and so that it takes about as long as the
    event about an account that exists: the time must not tell the two apart.
    """
    async with db.tenant() as session:
        await login_queries.count_unknown(session, method=current_method(), reason=reason)


async def run(runtime: Runtime) -> None:
    """Seals the counts once a minute until it is cancelled."""
    await repeat(lambda: seal(runtime.db), every_seconds=EVERY_SECONDS, chore="unknown_logins")


async def seal(db: Database) -> None:
    """Turns each count into one event of its tenant's, in one transaction; instances take turns."""
    with bound(Scope(None, "services/commerce", frozenset())):
        async with db.platform() as session:
            for counted in await login_queries.take_unknown(session):
                with bound(Scope(None, _SHOPPER, frozenset()), counted.method):
                    audit.record(
                        session,
                        # The address that was tried must not be logged.
                        resource=f"tenants/{counted.tenant_id}/identities/unknown",
                        tenant=counted.tenant_id,
                        outcome="DENIED",
                        reason=counted.reason,
                        times=counted.number,
                    )
