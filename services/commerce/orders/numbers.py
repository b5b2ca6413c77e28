"""The numbers of orders: each tenant counts its own, without gaps."""

from services.commerce.models import OrderCounter
from services.kernel.data.acts import Act

_NEXT = """
INSERT INTO order_counter AS counter (tenant_id, last_display_id) VALUES ($1, 1)
ON CONFLICT (tenant_id) DO UPDATE SET last_display_id = counter.last_display_id + 1
RETURNING last_display_id
"""


async def next_display_id(act: Act) -> int:
    """Takes the tenant's next number: those who follow wait until this transaction ends."""
    number: int = (await act.write(OrderCounter, _NEXT))[0]["last_display_id"]
    return number
