"""Statements about customers and their identities."""

from collections.abc import Sequence

from sqlalchemy import false, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Customer, CustomerAddress, Identity


async def identity_of_email(session: AsyncSession, email: str) -> Identity | None:
    row: Identity | None = await session.scalar(select(Identity).where(Identity.email == email))
    return row


async def identity(session: AsyncSession, identity_id: str) -> Identity | None:
    statement = select(Identity).where(Identity.identity_id == identity_id)
    row: Identity | None = await session.scalar(statement)
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


async def addresses(session: AsyncSession, customer_id: str) -> Sequence[CustomerAddress]:
    """Reads a customer's addresses, oldest first."""
    statement = (
        select(CustomerAddress)
        .where(CustomerAddress.customer_id == customer_id)
        .order_by(CustomerAddress.address_id)
    )
    return (await session.scalars(statement)).all()


async def end_defaults(
    session: AsyncSession, customer_id: str, *, shipping: bool, billing: bool
) -> None:
    """Makes no address of a customer the default any more, for what is named."""
    for column, ends in (
        (CustomerAddress.is_default_shipping, shipping),
        (CustomerAddress.is_default_billing, billing),
    ):
        if ends:
            await session.execute(
                update(CustomerAddress)
                .where(CustomerAddress.customer_id == customer_id, column)
                .values({column: false()})
            )
