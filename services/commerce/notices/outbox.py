"""The outbox: a notice is stored if and only if its act is, and leaves at least once.

A process takes notices for a while; if it ends before it has delivered them, another takes them
afterwards. A receiver tells a repeated one by its id.
"""

from datetime import datetime
from typing import NamedTuple

from services.commerce.models import Outbox
from services.kernel.call import names
from services.kernel.data.acts import Act
from services.kernel.data.database import Database

ORDER_PLACED = "order.placed"

TAKEN_SECONDS = 120
"""How long a notice is its taker's: more than a delivery may take."""
_MOST_TAKEN = 20
_TAKE = """
UPDATE outbox SET attempts = attempts + 1, due_time = now() + make_interval(secs => $1)
WHERE (tenant_id, notice_id) IN (
  SELECT tenant_id, notice_id FROM outbox WHERE due_time <= now()
  ORDER BY tenant_id, notice_id LIMIT $2
) AND due_time <= now()
RETURNING tenant_id, notice_id, topic, resource, attempts
"""
_RETRY_LATER = """
UPDATE outbox SET due_time = now() + make_interval(secs => $3)
WHERE tenant_id = $1 AND notice_id = $2
"""
_DELETE = "DELETE FROM outbox WHERE tenant_id = $1 AND notice_id = $2"


class Notice(NamedTuple):
    """What happened to which resource of a tenant, and how often it was tried to tell it."""

    tenant_id: str
    notice_id: str
    topic: str
    resource: str
    attempts: int


async def announce(act: Act, topic: str, resource: str, now: datetime) -> None:
    """Adds a notice to the transaction of its act."""
    await act.insert(
        Outbox(
            notice_id=names.new_id("note"),
            topic=topic,
            resource=resource,
            attempts=0,
            due_time=now,
            create_time=now,
        )
    )


async def take_due(db: Database) -> list[Notice]:
    """Takes notices that are due, of any tenant, so that nobody else delivers them meanwhile."""
    rows = await db.call_platform(_TAKE, TAKEN_SECONDS, _MOST_TAKEN)
    return sorted((Notice(*row) for row in rows), key=lambda notice: notice.notice_id)


async def retry_later(db: Database, notice: Notice, seconds: float) -> None:
    await db.call_platform(_RETRY_LATER, notice.tenant_id, notice.notice_id, seconds)


async def remove(db: Database, notice: Notice) -> None:
    await db.call_platform(_DELETE, notice.tenant_id, notice.notice_id)
