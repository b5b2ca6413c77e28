"""Statements about groups of customers."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Customer, CustomerGroup, GroupMember
from services.kernel.data.acts import Act
from services.kernel.data.arrays import among

# Whoever takes a name waits for others of the tenant who do, so that all are told apart.
_TAKE_TURN = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('customer groups ' || :tenant, 0))"
)


def groups(*, text: str, group_ids: Collection[str], name: str) -> Select[Any]:
    """Selects groups; what is empty does not matter. `text` is part of a name, in any case."""
    found = select(CustomerGroup)
    if text:
        found = found.where(func.strpos(func.lower(CustomerGroup.name), text.lower()) > 0)
    if group_ids:
        found = found.where(among(CustomerGroup.group_id, group_ids))
    if name:
        found = found.where(CustomerGroup.name == name)
    return found


async def group(session: AsyncSession, group_id: str, *, lock: bool) -> CustomerGroup | None:
    statement = select(CustomerGroup).where(CustomerGroup.group_id == group_id)
    row: CustomerGroup | None = await session.scalar(
        statement.with_for_update() if lock else statement
    )
    return row


async def groups_of_customer(act: Act, customer_id: str) -> list[str]:
    rows = await act.rows(GroupMember, "customer_id = $2 ORDER BY group_id", customer_id)
    return [row.group_id for row in rows]


async def number_of_groups(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(CustomerGroup)) or 0


async def take_name(session: AsyncSession, name: str, *, besides: str) -> bool:
    """Tells whether another group has a name, which nobody else takes until the end."""
    await session.execute(_TAKE_TURN, {"tenant": session.info["tenant"]})
    other = await session.scalar(
        select(CustomerGroup.group_id).where(
            CustomerGroup.name == name, CustomerGroup.group_id != besides
        )
    )
    return other is not None


async def known_customers(session: AsyncSession, customer_ids: Collection[str]) -> set[str]:
    """Returns those of the ids that are customers of the tenant."""
    statement = select(Customer.customer_id).where(
        among(Customer.customer_id, customer_ids), Customer.erase_time.is_(None)
    )
    return set(await session.scalars(statement))


async def members(session: AsyncSession, group_id: str, customer_ids: Collection[str]) -> set[str]:
    """Returns those of the customers who are in a group."""
    statement = select(GroupMember.customer_id).where(
        GroupMember.group_id == group_id, among(GroupMember.customer_id, customer_ids)
    )
    return set(await session.scalars(statement))


async def change_members(
    session: AsyncSession, group_id: str, joining: Sequence[str], leaving: Sequence[str]
) -> None:
    if joining:
        await session.execute(
            insert(GroupMember).values(
                [
                    {
                        "tenant_id": session.info["tenant"],
                        "group_id": group_id,
                        "customer_id": customer_id,
                    }
                    for customer_id in joining
                ]
            )
        )
    if leaving:
        await session.execute(
            delete(GroupMember).where(
                GroupMember.group_id == group_id, among(GroupMember.customer_id, leaving)
            )
        )
