"""Statements about customers and their identities."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, exists, false, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Customer, CustomerAddress, GroupMember, Identity
from services.commerce.texts import begins_with
from services.kernel.data.arrays import among


async def identity_of_email(session: AsyncSession, email: str) -> Identity | None:
    row: Identity | None = await session.scalar(select(Identity).where(Identity.email == email))
    return row


async def identity(
    session: AsyncSession, identity_id: str, *, lock: bool = False
) -> Identity | None:
    statement = select(Identity).where(Identity.identity_id == identity_id)
    row: Identity | None = await session.scalar(statement.with_for_update() if lock else statement)
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


async def account_of_email(session: AsyncSession, email: str) -> Customer | None:
    statement = select(Customer).where(Customer.email == email, Customer.has_account)
    row: Customer | None = await session.scalar(statement)
    return row


async def customer(
    session: AsyncSession, customer_id: str, *, lock: bool = False
) -> Customer | None:
    """Reads a customer who has not been erased."""
    statement = select(Customer).where(
        Customer.customer_id == customer_id, Customer.erase_time.is_(None)
    )
    row: Customer | None = await session.scalar(statement.with_for_update() if lock else statement)
    return row


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


def customers(
    *,
    text: str,
    customer_ids: Collection[str],
    emails: Collection[str],
    group_ids: Collection[str],
    names: Mapping[str, str],
    has_account: bool | None,
) -> Select[Any]:
    """Selects customers; what is empty does not matter.

    `text` is an id, or how an e-mail address begins; `names` are values of columns.
    """
    found = select(Customer).where(Customer.erase_time.is_(None))
    if text:
        found = found.where(
            or_(Customer.customer_id == text, begins_with(Customer.email, text.lower()))
        )
    if customer_ids:
        found = found.where(among(Customer.customer_id, customer_ids))
    if emails:
        found = found.where(among(Customer.email, emails))
    if group_ids:
        is_member = (
            (GroupMember.tenant_id == Customer.tenant_id)
            & (GroupMember.customer_id == Customer.customer_id)
            & among(GroupMember.group_id, group_ids)
        )
        found = found.where(exists().where(is_member))
    if has_account is not None:
        found = found.where(Customer.has_account == has_account)
    return found.filter_by(**{name: value for name, value in names.items() if value})


async def addresses_of(
    session: AsyncSession, customer_ids: Collection[str]
) -> Sequence[CustomerAddress]:
    """Reads the addresses of several customers, oldest first."""
    statement = select(CustomerAddress).where(among(CustomerAddress.customer_id, customer_ids))
    return (await session.scalars(statement.order_by(CustomerAddress.address_id))).all()


async def groups_of(
    session: AsyncSession, customer_ids: Collection[str]
) -> Mapping[str, Sequence[str]]:
    """Reads the ids of the groups of those of the customers who are in any."""
    statement = (
        select(GroupMember.customer_id, func.array_agg(GroupMember.group_id))
        .where(among(GroupMember.customer_id, customer_ids))
        .group_by(GroupMember.customer_id)
    )
    return {customer_id: sorted(ids) for customer_id, ids in await session.execute(statement)}


async def guest_of_email(session: AsyncSession, email: str) -> Customer | None:
    statement = select(Customer).where(Customer.email == email, ~Customer.has_account)
    row: Customer | None = await session.scalar(statement)
    return row
