"""Refusals about accounts that nobody has: each is counted, and a minute of them is one event.

Anybody can cause them. If each were an event, strangers would fill the head office's log for good.
"""

from services.kernel.call.scope import Scope, bound, current_method, current_scope
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.serving.chores import repeat
from services.kernel.serving.server import Runtime
from services.tenant_registry.accounts import session_queries

# The resource of events about unknown accounts: the address tried must not be logged.
UNKNOWN_ADMIN = "admins/unknown"
EVERY_SECONDS = 60.0


async def count_refusal(db: Database, reason: str) -> None:
    """Counts a refusal of the current call before it is sent.

    In PostgreSQL, so that no end of a process loses it, and so that it takes about as long as the
    event about an account that exists: the time must not tell the two apart.
    """
    method, actor = current_method(), current_scope().actor
    async with db.housekeeping() as session:
        await session_queries.count_unknown_account(
            session, method=method, actor=actor, reason=reason
        )


async def run(runtime: Runtime) -> None:
    """Seals the counts once a minute until it is cancelled."""
    await repeat(lambda: seal(runtime.db), every_seconds=EVERY_SECONDS, chore="unknown_accounts")


async def seal(db: Database) -> None:
    """Turns each count into one event, in one transaction; instances take turns."""
    with bound(Scope(None, "services/tenant-registry", frozenset())):
        async with db.platform() as session:
            for counted in await session_queries.take_unknown_accounts(session):
                with bound(Scope(None, counted.actor, frozenset()), counted.method):
                    audit.record(
                        session,
                        resource=UNKNOWN_ADMIN,
                        outcome="DENIED",
                        reason=counted.reason,
                        times=counted.number,
                    )
