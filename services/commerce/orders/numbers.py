"""The numbers of orders: each tenant counts its own, without gaps."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import OrderCounter
from services.kernel.call.scope import current_scope


async def next_display_id(session: AsyncSession) -> int:
    """Takes the tenant's next number: those who follow wait until this transaction ends."""
    first = insert(OrderCounter).values(tenant_id=current_scope().tenant, last_display_id=1)
    taken = first.on_conflict_do_update(
        index_elements=["tenant_id"],
        set_={"last_display_id": OrderCounter.last_display_id + 1},
    ).returning(OrderCounter.last_display_id)
    number: int = (await session.execute(taken)).scalar_one()
    return number
