"""Customers' sessions: a login begins one, which all tokens of that login name.

A token counts as long as its session is there. That is how logging out, a new password and an
erasure end tokens that are in nobody's reach.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.caller import current_customer, current_identity
from services.commerce.customers.tokens import LIFETIME
from services.commerce.models import CustomerSession, Identity
from services.kernel.call import names
from services.kernel.call.errors import Unauthenticated
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database
from services.kernel.serving.chores import repeat
from services.kernel.serving.server import Runtime

MOST_SESSIONS = 100
"""How many an identity has at most; a new one ends the one that would end first."""
EVERY = timedelta(hours=1)
MOST_AT_ONCE = 1000
_KEY = (CustomerSession.tenant_id, CustomerSession.session_id)


async def refuse_ended(runtime: Runtime) -> None:
    """Refuses a customer, or somebody about to be one, whose session has ended.

    Raises:
        Unauthenticated: UNAUTHENTICATED.
    """
    customer_id, identity_id = current_customer(), current_identity()
    if customer_id is None and identity_id is None:
        return
    async with runtime.db.tenant() as session:
        identity = await _identity_of(session, current_scope().session)
    if identity is None or (
        identity.customer_id != customer_id if customer_id else identity.identity_id != identity_id
    ):
        raise ended()


async def begin(session: AsyncSession, identity_id: str) -> str:
    """Begins a session of an identity, whose row is locked or new; returns its id."""
    newest = (
        select(CustomerSession.session_id)
        .where(CustomerSession.identity_id == identity_id)
        .order_by(CustomerSession.end_time.desc())
        .offset(MOST_SESSIONS - 1)
    )
    await session.execute(delete(CustomerSession).where(CustomerSession.session_id.in_(newest)))
    row = CustomerSession(
        session_id=names.new_id("csess"),
        identity_id=identity_id,
        end_time=datetime.now(UTC) + LIFETIME,
    )
    session.add(row)
    return row.session_id


async def extend(session: AsyncSession, session_id: str) -> None:
    """Makes a session last as long from now as a new one.

    Raises:
        Unauthenticated: UNAUTHENTICATED, it has ended.
    """
    found = await session.scalar(
        update(CustomerSession)
        .where(CustomerSession.session_id == session_id)
        .values(end_time=datetime.now(UTC) + LIFETIME)
        .returning(CustomerSession.session_id)
    )
    if found is None:
        raise ended()


async def end(session: AsyncSession, session_id: str) -> None:
    await session.execute(delete(CustomerSession).where(CustomerSession.session_id == session_id))


async def end_all(session: AsyncSession, identity_id: str) -> None:
    await session.execute(delete(CustomerSession).where(CustomerSession.identity_id == identity_id))


def ended() -> Unauthenticated:
    return Unauthenticated("UNAUTHENTICATED", "Unauthorized")


async def run(runtime: Runtime) -> None:
    """Removes sessions that are over, now and every hour, until it is cancelled."""

    async def remove_all() -> None:
        while await remove_ended(runtime.db, datetime.now(UTC)) == MOST_AT_ONCE:
            pass

    await repeat(remove_all, every_seconds=EVERY.total_seconds(), chore="customer_sessions")


async def remove_ended(db: Database, now: datetime) -> int:
    """Removes a batch of all tenants' sessions that are over; returns how many it were."""
    over = select(*_KEY).where(CustomerSession.end_time < now).limit(MOST_AT_ONCE).with_for_update()
    async with db.housekeeping() as session:
        removed = await session.execute(
            delete(CustomerSession).where(tuple_(*_KEY).in_(over)).returning(*_KEY)
        )
        return len(removed.all())


async def _identity_of(session: AsyncSession, session_id: str) -> Identity | None:
    """Reads whose session it is; None if it has ended."""
    row: Identity | None = await session.scalar(
        select(Identity)
        .join(
            CustomerSession,
            (CustomerSession.tenant_id == Identity.tenant_id)
            & (CustomerSession.identity_id == Identity.identity_id),
        )
        .where(
            CustomerSession.session_id == session_id, CustomerSession.end_time > datetime.now(UTC)
        )
    )
    return row
