"""Removes carts that nobody has changed for long, and that are no orders."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, tuple_, update

from services.commerce.models import Cart, ProviderSession
from services.commerce.payments import sessions
from services.kernel.data.database import Database
from services.kernel.serving.chores import repeat
from services.kernel.serving.server import Runtime

EVERY = timedelta(hours=1)
MOST_AT_ONCE = 1000
_KEY = (Cart.tenant_id, Cart.cart_id)


async def run(runtime: Runtime) -> None:
    """Removes expired carts, now and every hour, until it is cancelled."""

    async def remove_all() -> None:
        while await remove_expired(runtime.db, datetime.now(UTC)) == MOST_AT_ONCE:
            pass

    await repeat(remove_all, every_seconds=EVERY.total_seconds(), chore="cart_expiry")


async def remove_expired(db: Database, now: datetime) -> int:
    """Removes a batch of all tenants' carts; what was agreed with providers for them is dropped.

    A cart that became an order stays, as does one that is about to.
    """
    expired = (
        select(*_KEY)
        .where(Cart.expire_time < now, Cart.order_id.is_(None), Cart.attempt_id.is_(None))
        .limit(MOST_AT_ONCE)
        .with_for_update()
    )
    async with db.housekeeping() as session:
        removed = await session.execute(
            delete(Cart).where(tuple_(*_KEY).in_(expired)).returning(*_KEY)
        )
        keys = [tuple(key) for key in removed]
        if keys:
            await session.execute(
                update(ProviderSession)
                .where(
                    tuple_(ProviderSession.tenant_id, ProviderSession.cart_id).in_(keys),
                    ProviderSession.state == sessions.OPEN,
                )
                .values(state=sessions.DROPPED, due_time=now)
            )
    return len(keys)
