"""Role assignments of admins, at a tenant and everywhere."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.assignment_service_pb2 import (
    CreateAssignmentRequest,
    DeleteAssignmentRequest,
    ListAssignmentsRequest,
    ListOwnAssignmentsRequest,
)

from gateway.clients import Clients, ClientsOf
from gateway.documents.assignment import AssignmentCreate, AssignmentDocument
from gateway.documents.role import EffectDocument, EndedDocument
from gateway.identity.access_facts import AccessFacts
from gateway.identity.principals import AccessFactsOf
from gateway.identity.scopes import AccountScope, PlatformScope, TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Flag, Id, Text
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, Resource
from gateway.medusa.router import Router
from gateway.medusa.values import last_id
from services.kernel.call.limits import most_characters
from services.kernel.call.scope import Scope

ASSIGNMENTS = Resource(
    "assignment",
    "assignments",
    AssignmentDocument,
    Query(filters={"user_id": Id(), "with_ended": Flag()}),
)
AssignmentQuery = Annotated[ParsedQuery, Depends(ASSIGNMENTS.query_of_answer)]
OWN_ASSIGNMENTS = Resource("assignment", "assignments", AssignmentDocument, Query())
_REVOKING = Query(
    filters={
        "validate_only": Flag(),
        "reason": Text(most_characters(DeleteAssignmentRequest, "reason")),
    },
    limit=None,
    has_fields=False,
)

router = Router(
    prefix="/admin", tags=["Users"], responses=responses.ADMIN_ERRORS, route_class=ExactRoute
)


class AssignmentAnswer(BaseModel):
    assignment: AssignmentDocument


class AssignmentsAnswer(Envelope):
    assignments: list[AssignmentDocument]


@router.get(
    "/users/me/assignments",
    summary="List your roles",
    responses=responses.documented(AssignmentsAnswer, "A page of assignments, newest first."),
    openapi_extra=OWN_ASSIGNMENTS.documented_list,
)
async def list_own_assignments(request: Request, _: AccountScope, clients: ClientsOf) -> Response:
    """Lists the roles of the logged-in admin, at tenants and everywhere."""
    query = OWN_ASSIGNMENTS.list_query(request)
    found = await clients.assignments.ListOwnAssignments(
        ListOwnAssignmentsRequest(page_size=query.limit, skip=query.offset)
    )
    return OWN_ASSIGNMENTS.page(query, found.assignments, count=found.total_size)


@router.get(
    "/tenants/{tenant_id}/assignments",
    summary="List role assignments at a tenant",
    responses=responses.documented(AssignmentsAnswer, "A page of assignments, newest first."),
    openapi_extra=ASSIGNMENTS.documented_list,
)
async def list_tenant_assignments(
    request: Request, scope: TenantScope, clients: ClientsOf
) -> Response:
    """Lists who holds which role at the tenant; `with_ended` includes ended assignments."""
    return await _list(request, scope, clients)


@router.post(
    "/tenants/{tenant_id}/assignments",
    summary="Assign a role at a tenant",
    responses=responses.documented(AssignmentAnswer, "The assignment, and what it changes."),
    openapi_extra=ASSIGNMENTS.documented_one,
)
async def assign_tenant_role(
    scope: TenantScope,
    query: AssignmentQuery,
    clients: ClientsOf,
    access_facts: AccessFactsOf,
    key: IdempotencyKey,
    body: AssignmentCreate,
) -> Response:
    """Assigns a role at the tenant, with no more than the caller holds there, nor for longer."""
    return await _assign(scope, query, clients, access_facts, key, body)


@router.delete(
    "/tenants/{tenant_id}/assignments/{assignment_id}",
    summary="Revoke a role at a tenant",
    responses=responses.documented(EndedDocument, "The assignment is revoked."),
    openapi_extra={"parameters": _REVOKING.parameters()},
)
async def revoke_tenant_role(
    request: Request,
    scope: TenantScope,
    clients: ClientsOf,
    access_facts: AccessFactsOf,
    assignment_id: str,
) -> Response:
    """Revokes a role with immediate effect; `validate_only` previews the changes."""
    return await _revoke(request, scope, clients, access_facts, assignment_id)


@router.get(
    "/assignments",
    summary="List platform-wide role assignments",
    responses=responses.documented(AssignmentsAnswer, "A page of assignments, newest first."),
    openapi_extra=ASSIGNMENTS.documented_list,
)
async def list_assignments(request: Request, scope: PlatformScope, clients: ClientsOf) -> Response:
    """Lists who holds which role everywhere; `with_ended` includes ended assignments."""
    return await _list(request, scope, clients)


@router.post(
    "/assignments",
    summary="Assign a platform-wide role",
    responses=responses.documented(AssignmentAnswer, "The assignment, and what it changes."),
    openapi_extra=ASSIGNMENTS.documented_one,
)
async def assign_role(
    scope: PlatformScope,
    query: AssignmentQuery,
    clients: ClientsOf,
    access_facts: AccessFactsOf,
    key: IdempotencyKey,
    body: AssignmentCreate,
) -> Response:
    """Assigns a role that applies everywhere."""
    return await _assign(scope, query, clients, access_facts, key, body)


@router.delete(
    "/assignments/{assignment_id}",
    summary="Revoke a platform-wide role",
    responses=responses.documented(EndedDocument, "The assignment is revoked."),
    openapi_extra={"parameters": _REVOKING.parameters()},
)
async def revoke_role(
    request: Request,
    scope: PlatformScope,
    clients: ClientsOf,
    access_facts: AccessFactsOf,
    assignment_id: str,
) -> Response:
    """Revokes a role that applies everywhere; `validate_only` previews the changes."""
    return await _revoke(request, scope, clients, access_facts, assignment_id)


async def _list(request: Request, scope: Scope, clients: Clients) -> Response:
    query = ASSIGNMENTS.list_query(request)
    user = query.one("user_id")
    found = await clients.assignments.ListAssignments(
        ListAssignmentsRequest(
            parent=_parent(scope),
            page_size=query.limit,
            skip=query.offset,
            admin=f"admins/{user}" if user else "",
            show_ended=bool(query.flag("with_ended")),
        )
    )
    return ASSIGNMENTS.page(query, found.assignments, count=found.total_size)


async def _assign(
    scope: Scope,
    query: ParsedQuery,
    clients: Clients,
    access_facts: AccessFacts,
    key: str,
    body: AssignmentCreate,
) -> Response:
    assignment = await clients.assignments.CreateAssignment(
        CreateAssignmentRequest(
            parent=_parent(scope),
            assignment=body.to_message(),
            request_id=key,
            validate_only=body.validate_only,
        )
    )
    access_facts.invalidate(assignment.admin)
    effects = EffectDocument.to_list(assignment.effects)
    return ASSIGNMENTS.one(query, assignment, effects=effects)


async def _revoke(
    request: Request, scope: Scope, clients: Clients, access_facts: AccessFacts, assignment_id: str
) -> Response:
    query = _REVOKING.parse(request.scope["query_string"])
    validate_only = bool(query.flag("validate_only"))
    place = f"{_parent(scope)}/" if scope.tenant else ""
    revoked = await clients.assignments.DeleteAssignment(
        DeleteAssignmentRequest(
            name=f"{place}assignments/{assignment_id}",
            validate_only=validate_only,
            reason=query.one("reason"),
        )
    )
    access_facts.invalidate(revoked.admin)
    return responses.deleted(
        "assignment",
        last_id(revoked.name),
        deleted=not validate_only,
        effects=EffectDocument.to_list(revoked.effects),
    )


def _parent(scope: Scope) -> str:
    return f"tenants/{scope.tenant}" if scope.tenant else ""
