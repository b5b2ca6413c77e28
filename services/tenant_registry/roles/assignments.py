"""AssignmentService: which admin holds which role where."""

from datetime import UTC, datetime
from typing import Any

from souk.tenant_registry.v1 import assignment_service_pb2 as pb
from souk.tenant_registry.v1 import assignment_service_pb2_grpc as pb_grpc
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call import times
from services.kernel.call.errors import NotFound, invalid
from services.kernel.call.names import parse
from services.kernel.data import pages, requests
from services.kernel.data.database import Database
from services.tenant_registry import caller
from services.tenant_registry.caller import place_and_id, place_of
from services.tenant_registry.roles import assigning, effects, messages, queries
from services.tenant_registry.roles.holder_queries import assignment_at
from services.tenant_registry.roles.messages import role_id

_KEY = {"create_time": datetime, "assignment_id": str}
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


class AssignmentServicer(pb_grpc.AssignmentServiceServicer):
    def __init__(self, db: Database, *, head_office: str) -> None:
        self._db = db
        self._head_office = head_office

    async def GetAssignment(
        self, request: pb.GetAssignmentRequest, _context: object
    ) -> pb.Assignment:
        tenant, assignment_id = place_and_id(request.name, "assignments/{assignment}")
        async with self._db.platform() as session:
            row = await assignment_at(session, assignment_id, tenant)
        if row is None:
            raise NotFound("ASSIGNMENT_NOT_FOUND", "No such assignment here.")
        return messages.assignment(row)

    async def ListAssignments(
        self, request: pb.ListAssignmentsRequest, _context: object
    ) -> pb.ListAssignmentsResponse:
        tenant = place_of(request.parent)
        page = pages.read(request, key=_KEY, descending=True)
        condition = queries.assignments_at(
            tenant,
            admin=parse(request.admin, "admins/{admin}")[0] if request.admin else None,
            now=None if request.show_ended else datetime.now(UTC),
        )
        async with self._db.platform() as session:
            return pb.ListAssignmentsResponse(**await _page(session, condition, page))

    async def ListOwnAssignments(
        self, request: pb.ListOwnAssignmentsRequest, _context: object
    ) -> pb.ListOwnAssignmentsResponse:
        page, now = pages.read(request, key=_KEY, descending=True), datetime.now(UTC)
        async with self._db.platform() as session:
            own = await caller.own_session(session, now=now)
            condition = queries.assignments_of(own.admin_id, now=now)
            return pb.ListOwnAssignmentsResponse(**await _page(session, condition, page))

    async def CreateAssignment(
        self, request: pb.CreateAssignmentRequest, _context: object
    ) -> pb.Assignment:
        tenant = place_of(request.parent)
        requested = _requested_role(request.assignment, tenant)
        async with self._db.platform() as session:
            if answer := await requests.stored_answer(session, request, pb.Assignment):
                return answer
            change = await assigning.give(session, requested, dry=request.validate_only)
            return await requests.remember(session, request, self._with_effects(change))

    async def DeleteAssignment(
        self, request: pb.DeleteAssignmentRequest, _context: object
    ) -> pb.Assignment:
        tenant, assignment_id = place_and_id(request.name, "assignments/{assignment}")
        async with self._db.platform() as session:
            change = await assigning.take(
                session,
                assignment_id,
                tenant=tenant,
                reason=request.reason,
                dry=request.validate_only,
            )
            return self._with_effects(change)

    def _with_effects(self, change: assigning.Change) -> pb.Assignment:
        message = messages.assignment(change.assignment)
        changed = effects.between(
            change.before, change.after, now=change.now, head_office=self._head_office
        )
        message.effects.extend(changed)
        return message


async def _page(
    session: AsyncSession, condition: ColumnElement[bool], page: pages.Page
) -> dict[str, Any]:
    """Reads a page of assignments, as the fields of the answer to a List."""
    rows = await queries.page_of_assignments(session, condition, page)
    page_rows, token = page.cut(rows, key=lambda row: (row.create_time, row.assignment_id))
    return {
        "assignments": [messages.assignment(row) for row in page_rows],
        "next_page_token": token,
        "total_size": await queries.number_of_assignments(session, condition),
    }


def _requested_role(message: pb.Assignment, tenant: str | None) -> assigning.RequestedRole:
    (admin_id,) = parse(message.admin, "admins/{admin}")
    return assigning.RequestedRole(
        admin=admin_id,
        role=role_id(message.role, tenant),
        tenant=tenant,
        reason=message.reason,
        from_time=_time(message, "from_time"),
        until_time=_time(message, "until_time"),
    )


def _time(message: pb.Assignment, field: str) -> datetime | None:
    time = times.read(message, field, reason="GRANT_INVALID")
    if time is not None and time >= LATEST:
        raise invalid("GRANT_INVALID", {field: "is not a valid time"})
    return time
