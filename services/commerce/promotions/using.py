"""Counts what orders use up: in the order's transaction, and only while there is enough."""

from collections.abc import Iterable, Sequence

from services.commerce.models import PromotionUse
from services.commerce.promotions.rules import Use
from services.kernel.data.acts import Act

_TAKE = """
INSERT INTO promotion_use AS taken (tenant_id, counted_id, holder, used) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, counted_id, holder) DO UPDATE SET used = taken.used + $4
WHERE $5::bigint IS NULL OR taken.used + $4 <= $5
RETURNING used
"""
_GIVE_BACK = """
UPDATE promotion_use SET used = greatest(used - $4, 0)
WHERE tenant_id = $1 AND counted_id = $2 AND holder = $3
"""


async def take(act: Act, uses: Sequence[Use]) -> bool:
    """Takes all of these, or none and returns False if there is not enough left of one.

    Whoever takes of the same waits until this transaction ends. `uses` are sorted.
    """
    taken: list[Use] = []
    for use in uses:
        if not await _take(act, use):
            await give_back(act, taken)
            return False
        taken.append(use)
    return True


async def give_back(act: Act, uses: Iterable[Use]) -> None:
    """Returns what was taken: when payment is refused, or an order is cancelled.

    Whoever calls this forgets the uses in the same transaction, so that they return once.
    """
    for use in sorted(uses):
        await act.write(PromotionUse, _GIVE_BACK, use.counted_id, use.holder, use.amount)


async def _take(act: Act, use: Use) -> bool:
    if use.limit is not None and use.amount > use.limit:
        return False
    values = use.counted_id, use.holder, use.amount, use.limit
    return bool(await act.write(PromotionUse, _TAKE, *values))
