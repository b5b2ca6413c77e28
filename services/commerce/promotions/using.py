"""Counts what orders use up: in the order's transaction, and only while there is enough."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import PromotionUse
from services.commerce.promotions.rules import Use
from services.kernel.call.scope import current_scope


async def take(session: AsyncSession, uses: Sequence[Use]) -> bool:
    """Takes all of these, or none and returns False if there is not enough left of one.

    Whoever takes of the same waits until this transaction ends. `uses` are sorted.
    """
    taken: list[Use] = []
    for use in uses:
        if not await _take(session, use):
            await give_back(session, taken)
            return False
        taken.append(use)
    return True


async def give_back(session: AsyncSession, uses: Iterable[Use]) -> None:
    """Returns what was taken: when payment is refused, or an order is cancelled.

    Whoever calls this forgets the uses in the same transaction, so that they return once.
    """
    for use in sorted(uses):
        await session.execute(
            update(PromotionUse)
            .where(PromotionUse.counted_id == use.counted_id, PromotionUse.holder == use.holder)
            .values(used=func.greatest(PromotionUse.used - use.amount, 0))
        )


async def _take(session: AsyncSession, use: Use) -> bool:
    if use.limit is not None and use.amount > use.limit:
        return False
    first = insert(PromotionUse).values(
        tenant_id=current_scope().tenant,
        counted_id=use.counted_id,
        holder=use.holder,
        used=use.amount,
    )
    more = PromotionUse.used + use.amount
    statement = first.on_conflict_do_update(
        index_elements=["tenant_id", "counted_id", "holder"],
        set_={"used": more},
        where=None if use.limit is None else more <= use.limit,
    ).returning(PromotionUse.used)
    return (await session.execute(statement)).scalar_one_or_none() is not None
