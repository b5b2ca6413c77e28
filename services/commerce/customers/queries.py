"""Statements about customers and their identities."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Customer, Identity


async def identity_of_email(session: AsyncSession, email: str) -> Identity | None:
    row: Identity | None = await session.scalar(select(Identity).where(Identity.email == email))
    return row


async def add_identity(session: AsyncSession, **values: object) -> bool:
    """Adds an identity; False if its address has one already."""
    statement = insert(Identity).values(tenant_id=session.info["tenant"], **values)
    added = await session.scalar(
        statement.on_conflict_do_nothing(index_elements=["tenant_id", "email"]).returning(
            Identity.identity_id
        )
    )
    return added is not None


async def lock_identity(session: AsyncSession, identity_id: str) -> Identity | None:
    statement = select(Identity).where(Identity.identity_id == identity_id)
    row: Identity | None = await session.scalar(statement.with_for_update())
    return row


async def account_of_email(session: AsyncSession, email: str) -> Customer | None:
    statement = select(Customer).where(Customer.email == email, Customer.has_account)
    row: Customer | None = await session.scalar(statement)
    return row


async def customer(
    session: AsyncSession, customer_id: str, *, lock: bool = False
) -> Customer | None:
    statement = select(Customer).where(Customer.customer_id == customer_id)
    row: Customer | None = await session.scalar(statement.with_for_update() if lock else statement)
    return row
