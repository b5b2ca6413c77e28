"""CustomerService: what staff see and change of their tenant's customers."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from souk.commerce.v1 import customer_pb2
from souk.commerce.v1 import customer_service_pb2 as pb
from souk.commerce.v1.customer_service_pb2_grpc import CustomerServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.customers import addresses, messages, queries
from services.commerce.customers.erasure import erase
from services.commerce.customers.own import CUSTOMER, GROUP, no_such_customer, owner_of
from services.commerce.models import Customer, CustomerAddress
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, invalid
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests, updates
from services.kernel.data.database import Database
from services.kernel.data.time_ranges import within
from services.kernel.evidence import audit
from services.values.emails import canonical_email, is_email

MOST_COUNTED = 10_000
"""How many customers are counted: so many that nobody pages through them."""
_NAMES = ("first_name", "last_name", "company_name")
_ORDERS: dict[str, pages.Columns] = {
    "created_at": (Customer.create_time, Customer.customer_id),
    "updated_at": (Customer.update_time, Customer.customer_id),
    "email": (Customer.email, Customer.customer_id),
    "first_name": (Customer.first_name, Customer.customer_id),
    "last_name": (Customer.last_name, Customer.customer_id),
    "id": (Customer.customer_id,),
}


class CustomerServicer(CustomerServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetCustomer(
        self, request: pb.GetCustomerRequest, _context: object
    ) -> customer_pb2.Customer:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            return await _shown(session, await _existing(session, request.name))

    async def ListCustomers(
        self, request: pb.ListCustomersRequest, _context: object
    ) -> pb.ListCustomersResponse:
        current_scope().require_parent(request.parent)
        statement = queries.customers(
            text=request.query.strip(),
            customer_ids=[names.parse(name, CUSTOMER)[1] for name in request.customers],
            emails=[canonical_email(email) for email in request.emails],
            group_ids=[names.parse(name, GROUP)[1] for name in request.groups],
            names={name: getattr(request, name) for name in _NAMES},
            has_account=request.has_account if request.HasField("has_account") else None,
        ).where(
            *within(Customer.create_time, request.created_at),
            *within(Customer.update_time, request.updated_at),
        )
        async with self._db.tenant() as session:
            rows, _, total = await pages.read_page(
                session, request, statement, _ORDERS, most_counted=MOST_COUNTED
            )
            found = await _all_shown(session, rows)
        return pb.ListCustomersResponse(customers=found, total_size=total)

    async def CreateCustomer(
        self, request: pb.CreateCustomerRequest, _context: object
    ) -> customer_pb2.Customer:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, customer_pb2.Customer):
                return answer
            email, now = canonical_email(request.customer.email), datetime.now(UTC)
            if not is_email(email):
                raise invalid("FIELD_INVALID", {"email": "must be an e-mail address"})
            if await queries.guest_of_email(session, email) is not None:
                raise AlreadyExists(
                    "CUSTOMER_EXISTS", "A customer without an account has this address already."
                )
            row = Customer(
                tenant_id=session.info["tenant"],
                customer_id=names.new_id("cus"),
                email=email,
                has_account=False,
                version=1,
                create_time=now,
                update_time=now,
            )
            messages.put(request.customer, row)
            session.add(row)
            await session.flush()
            made = messages.customer(row)
            audit.record(session, resource=made.name, after=made)
            return await requests.remember(session, request, made)

    async def UpdateCustomer(
        self, request: pb.UpdateCustomerRequest, _context: object
    ) -> customer_pb2.Customer:
        current_scope().require(request.customer.name)
        async with self._db.tenant() as session:
            row = await _existing(session, request.customer.name, lock=True)
            before = messages.customer(row)
            changed = updates.apply(request.customer, request.update_mask, to=before)
            if changed != before:
                messages.put(changed, row)
                row.version += 1
                row.update_time = datetime.now(UTC)
                after = messages.customer(row)
                audit.record(session, resource=after.name, before=before, after=after)
            return await _shown(session, row)

    async def DeleteCustomer(
        self, request: pb.DeleteCustomerRequest, _context: object
    ) -> pb.CustomerErasure:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            row = await _existing(session, request.name, lock=True)
            updates.check_etag(request.etag, row.version)
            receipt = await erase(session, row, datetime.now(UTC))
            await session.flush()
            audit.record(session, resource=request.name, after=receipt)
            return receipt

    async def CreateAddress(
        self, request: pb.CreateAddressRequest, _context: object
    ) -> customer_pb2.Customer:
        current_scope().require(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, customer_pb2.Customer):
                return answer
            owner = await _existing(session, request.parent, lock=True)
            await addresses.add(session, owner, request.address)
            return await requests.remember(session, request, await _shown(session, owner))

    async def UpdateAddress(
        self, request: pb.UpdateAddressRequest, _context: object
    ) -> customer_pb2.Customer:
        current_scope().require(request.address.name)
        async with self._db.tenant() as session:
            owner = await _existing(session, owner_of(request.address.name), lock=True)
            await addresses.change(session, owner, request.address, request.update_mask)
            return await _shown(session, owner)

    async def DeleteAddress(
        self, request: pb.DeleteAddressRequest, _context: object
    ) -> customer_pb2.Customer:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            owner = await _existing(session, owner_of(request.name), lock=True)
            await addresses.remove(session, owner, request.name)
            return await _shown(session, owner)


async def _existing(session: AsyncSession, name: str, *, lock: bool = False) -> Customer:
    customer_id = names.parse(name, CUSTOMER)[1]
    row = await queries.customer(session, customer_id, lock=lock)
    if row is None:
        raise no_such_customer(customer_id)
    return row


async def _shown(session: AsyncSession, row: Customer) -> customer_pb2.Customer:
    [customer] = await _all_shown(session, [row])
    return customer


async def _all_shown(
    session: AsyncSession, rows: Sequence[Customer]
) -> list[customer_pb2.Customer]:
    """Returns customers with their addresses and groups."""
    ids = [row.customer_id for row in rows]
    addresses: dict[str, list[CustomerAddress]] = defaultdict(list)
    for address in await queries.addresses_of(session, ids):
        addresses[address.customer_id].append(address)
    groups = await queries.groups_of(session, ids)
    return [
        messages.customer(row, addresses[row.customer_id], groups.get(row.customer_id, ()))
        for row in rows
    ]
