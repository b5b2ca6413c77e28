"""A customer's addresses: changed in a transaction that has locked the customer."""

from datetime import UTC, datetime

from google.protobuf.field_mask_pb2 import FieldMask
from souk.commerce.v1 import customer_pb2 as pb
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.customers import messages, queries
from services.commerce.customers.own import ADDRESS
from services.commerce.models import Customer, CustomerAddress
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, NotFound, invalid
from services.kernel.data import updates
from services.kernel.evidence import audit
from services.values.countries import is_country

MOST_ADDRESSES = 100


async def add(session: AsyncSession, owner: Customer, requested: pb.CustomerAddress) -> None:
    """Adds an address to a customer, whose row is locked.

    Raises:
        FailedPrecondition: ADDRESSES_FULL.
        InvalidArgument: FIELD_INVALID, with the field.
    """
    _check(requested)
    stored, now = await queries.addresses_of(session, [owner.customer_id]), datetime.now(UTC)
    if len(stored) >= MOST_ADDRESSES:
        raise FailedPrecondition(
            "ADDRESSES_FULL",
            f"A customer can have at most {MOST_ADDRESSES} addresses. Delete one first.",
        )
    row = CustomerAddress(
        tenant_id=owner.tenant_id,
        address_id=names.new_id("cuaddr"),
        customer_id=owner.customer_id,
        create_time=now,
    )
    await _put(session, owner, row, requested, now)
    session.add(row)
    await session.flush()
    added = messages.address(row)
    audit.record(session, resource=added.name, after=added)


async def change(
    session: AsyncSession, owner: Customer, requested: pb.CustomerAddress, mask: FieldMask
) -> None:
    """Changes an address of a customer, whose row is locked.

    Raises:
        InvalidArgument: FIELD_INVALID or MASK_INVALID, with the fields.
        NotFound: ADDRESS_NOT_FOUND.
    """
    row = await _existing(session, owner, requested.name)
    before, now = messages.address(row), datetime.now(UTC)
    changed = updates.apply(requested, mask, to=before)
    if changed != before:
        _check(changed)
        await _put(session, owner, row, changed, now)
        await session.flush()
        after = messages.address(row)
        audit.record(session, resource=after.name, before=before, after=after)


async def remove(session: AsyncSession, owner: Customer, name: str) -> None:
    """Removes an address of a customer, whose row is locked.

    Raises:
        NotFound: ADDRESS_NOT_FOUND.
    """
    row = await _existing(session, owner, name)
    audit.record(session, resource=name, before=messages.address(row))
    await session.delete(row)
    _touch(owner, datetime.now(UTC))
    await session.flush()


async def with_addresses(session: AsyncSession, owner: Customer) -> pb.Customer:
    """Returns a customer with their addresses."""
    return messages.customer(owner, await queries.addresses_of(session, [owner.customer_id]))


async def _existing(session: AsyncSession, owner: Customer, name: str) -> CustomerAddress:
    address_id = names.parse(name, ADDRESS)[2]
    for row in await queries.addresses_of(session, [owner.customer_id]):
        if row.address_id == address_id:
            return row
    raise NotFound("ADDRESS_NOT_FOUND", f"No such address: {address_id[:100]}")


async def _put(
    session: AsyncSession,
    owner: Customer,
    row: CustomerAddress,
    requested: pb.CustomerAddress,
    now: datetime,
) -> None:
    """Puts what was said into a row; a new default takes the place of the former."""
    await queries.end_defaults(
        session,
        owner.customer_id,
        shipping=requested.is_default_shipping,
        billing=requested.is_default_billing,
    )
    messages.put_address(requested, row)
    row.update_time = now
    _touch(owner, now)


def _touch(owner: Customer, now: datetime) -> None:
    """Makes another version of a customer, as their addresses are part of them."""
    owner.version += 1
    owner.update_time = now


def _check(requested: pb.CustomerAddress) -> None:
    if requested.country_code and not is_country(requested.country_code):
        text = "must be an ISO 3166-1 alpha-2 code, for example fr"
        raise invalid("FIELD_INVALID", {"country_code": text})
