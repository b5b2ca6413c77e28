"""CustomerGroupService: groups of customers, set up by staff."""

from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.commerce.v1 import customer_group_service_pb2 as pb
from souk.commerce.v1.customer_group_service_pb2_grpc import CustomerGroupServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.customers import group_queries
from services.commerce.customers.own import CUSTOMER, GROUP, no_such_customer
from services.commerce.models import CustomerGroup
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound, invalid
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests, updates
from services.kernel.data.acts import Act
from services.kernel.data.database import Database
from services.kernel.data.time_ranges import within
from services.kernel.evidence import audit
from services.values.structs import struct_json

MOST_GROUPS = 500
_ORDERS: dict[str, pages.Columns] = {
    "created_at": (CustomerGroup.create_time, CustomerGroup.group_id),
    "updated_at": (CustomerGroup.update_time, CustomerGroup.group_id),
    "name": (CustomerGroup.name, CustomerGroup.group_id),
    "id": (CustomerGroup.group_id,),
}


class CustomerGroupServicer(CustomerGroupServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetCustomerGroup(
        self, request: pb.GetCustomerGroupRequest, _context: object
    ) -> pb.CustomerGroup:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            return _message(await _existing(session, request.name))

    async def ListCustomerGroups(
        self, request: pb.ListCustomerGroupsRequest, _context: object
    ) -> pb.ListCustomerGroupsResponse:
        current_scope().require_parent(request.parent)
        statement = group_queries.groups(
            text=request.query.strip(),
            group_ids=[names.parse(name, GROUP)[1] for name in request.customer_groups],
            name=request.display_name,
        ).where(
            *within(CustomerGroup.create_time, request.created_at),
            *within(CustomerGroup.update_time, request.updated_at),
        )
        async with self._db.tenant() as session:
            rows, _, total = await pages.read_page(session, request, statement, _ORDERS)
        return pb.ListCustomerGroupsResponse(customer_groups=map(_message, rows), total_size=total)

    async def CreateCustomerGroup(
        self, request: pb.CreateCustomerGroupRequest, _context: object
    ) -> pb.CustomerGroup:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.CustomerGroup):
                return answer
            now = datetime.now(UTC)
            if await group_queries.number_of_groups(session) >= MOST_GROUPS:
                raise FailedPrecondition(
                    "CUSTOMER_GROUPS_FULL",
                    f"A tenant can have at most {MOST_GROUPS} groups of customers. Delete one"
                    " first.",
                )
            row = CustomerGroup(
                tenant_id=session.info["tenant"],
                group_id=names.new_id("cusgroup"),
                version=1,
                create_time=now,
            )
            await _put(session, row, request.customer_group, now)
            session.add(row)
            await session.flush()
            made = _message(row)
            audit.record(session, resource=made.name, after=made)
            return await requests.remember(session, request, made)

    async def UpdateCustomerGroup(
        self, request: pb.UpdateCustomerGroupRequest, _context: object
    ) -> pb.CustomerGroup:
        current_scope().require(request.customer_group.name)
        async with self._db.tenant() as session:
            row = await _existing(session, request.customer_group.name, lock=True)
            before = _message(row)
            changed = updates.apply(request.customer_group, request.update_mask, to=before)
            if changed == before:
                return before
            row.version += 1
            await _put(session, row, changed, datetime.now(UTC))
            await session.flush()
            after = _message(row)
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteCustomerGroup(
        self, request: pb.DeleteCustomerGroupRequest, _context: object
    ) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            row = await _existing(session, request.name, lock=True)
            updates.check_etag(request.etag, row.version)
            audit.record(session, resource=request.name, before=_message(row))
            await session.delete(row)  # and with it who is in it
            return Empty()

    async def ChangeGroupMembers(
        self, request: pb.ChangeGroupMembersRequest, _context: object
    ) -> pb.CustomerGroup:
        current_scope().require(request.name)
        joining, leaving = _ids(request.add), _ids(request.remove)
        async with self._db.tenant() as session:
            row = await _existing(session, request.name, lock=True)
            known = await group_queries.known_customers(session, {*joining, *leaving})
            for customer_id in (*joining, *leaving):
                if customer_id not in known:
                    raise no_such_customer(customer_id)
            there = await group_queries.members(session, row.group_id, known)
            added = [id_ for id_ in joining if id_ not in there and id_ not in leaving]
            removed = [id_ for id_ in leaving if id_ in there]
            if added or removed:
                await group_queries.change_members(session, row.group_id, added, removed)
                audit.record(
                    session, resource=request.name, before=_members(removed), after=_members(added)
                )
            return _message(row)


async def group_ids_of(act: Act, customer_id: str | None) -> Sequence[str]:
    """Returns the ids of the groups that a customer is in; None, a guest, is in none."""
    if customer_id is None:
        return ()
    return await group_queries.groups_of_customer(act, customer_id)


async def _existing(session: AsyncSession, name: str, *, lock: bool = False) -> CustomerGroup:
    group_id = names.parse(name, GROUP)[1]
    row = await group_queries.group(session, group_id, lock=lock)
    if row is None:
        raise NotFound("CUSTOMER_GROUP_NOT_FOUND", f"No such customer group: {group_id[:100]}")
    return row


async def _put(
    session: AsyncSession, row: CustomerGroup, requested: pb.CustomerGroup, now: datetime
) -> None:
    """Puts a group as it was requested into a row.

    Raises:
        AlreadyExists: CUSTOMER_GROUP_EXISTS.
        InvalidArgument: FIELD_INVALID.
    """
    name = requested.display_name.strip()
    if not name or not name.isprintable():
        text = "must not contain control characters" if name else "must not be empty"
        raise invalid("FIELD_INVALID", {"display_name": text})
    if await group_queries.take_name(session, name, besides=row.group_id):
        raise AlreadyExists(
            "CUSTOMER_GROUP_EXISTS", "Another group of customers has this name. Choose another."
        )
    row.name, row.update_time = name, now
    row.extra = struct_json(requested.metadata) or None


def _message(row: CustomerGroup) -> pb.CustomerGroup:
    message = pb.CustomerGroup(
        name=f"tenants/{row.tenant_id}/customerGroups/{row.group_id}",
        display_name=row.name,
        etag=updates.etag(row.version),
    )
    message.create_time.FromDatetime(row.create_time)
    message.update_time.FromDatetime(row.update_time)
    if row.extra:
        message.metadata.update(row.extra)
    return message


def _ids(customers: Sequence[str]) -> list[str]:
    for name in customers:
        current_scope().require(name)
    return list(dict.fromkeys(names.parse(name, CUSTOMER)[1] for name in customers))


def _members(customer_ids: Sequence[str]) -> pb.GroupMembers:
    tenant = current_scope().tenant
    return pb.GroupMembers(customers=[f"tenants/{tenant}/customers/{id_}" for id_ in customer_ids])
