"""Temporary access to tenants, and explanations of permissions."""

from typing import Annotated

from fastapi import Depends, Request, Response
from google.protobuf.duration_pb2 import Duration
from pydantic import BaseModel, Field
from souk.tenant_registry.v1.access_grant_service_pb2 import (
    CreateAccessGrantRequest,
    DeleteAccessGrantRequest,
    ListAccessGrantsRequest,
)
from souk.tenant_registry.v1.access_service_pb2 import ExplainAccessRequest

from gateway.clients import ClientsOf
from gateway.documents.access import AccessGrantCreate, AccessGrantDocument, ExplanationDocument
from gateway.identity.principals import AccessFactsOf
from gateway.identity.scopes import PLACE, PlaceScope, TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, One
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters

ACCESS_GRANTS = Resource("access_grant", "access_grants", AccessGrantDocument, Query())
AccessGrantQuery = Annotated[ParsedQuery, Depends(ACCESS_GRANTS.query_of_answer)]
_EXPLAINING = Query(
    filters={
        "admin": Id(),
        "permission": One(most_characters(ExplainAccessRequest, "permission")),
        **PLACE.filters,
    },
    limit=None,
)

router = Router(
    prefix="/admin",
    tags=["Users"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class AccessGrantAnswer(BaseModel):
    access_grant: AccessGrantDocument


class AccessGrantsAnswer(Envelope):
    access_grants: list[AccessGrantDocument]


class ExplanationsAnswer(BaseModel):
    explanations: list[ExplanationDocument]
    more: bool = Field(description="Whether there are more than these 200.")


@router.get(
    "/tenants/{tenant_id}/access-grants",
    summary="List access grants",
    responses=responses.documented(AccessGrantsAnswer, "A page of access grants, newest first."),
    openapi_extra=ACCESS_GRANTS.documented_list,
)
async def list_access_grants(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Lists who gained temporary access to the tenant, when and why."""
    query = ACCESS_GRANTS.list_query(request)
    found = await clients.access_grants.ListAccessGrants(
        ListAccessGrantsRequest(
            parent=f"tenants/{scope.tenant}", page_size=query.limit, skip=query.offset
        )
    )
    return ACCESS_GRANTS.page(query, found.access_grants, count=found.total_size)


@router.post(
    "/tenants/{tenant_id}/access-grants",
    summary="Create an access grant",
    responses=responses.documented(AccessGrantAnswer, "The access grant."),
    openapi_extra=ACCESS_GRANTS.documented_one,
)
async def create_access_grant(
    scope: TenantScope,
    query: AccessGrantQuery,
    clients: ClientsOf,
    access_facts: AccessFactsOf,
    key: IdempotencyKey,
    body: AccessGrantCreate,
) -> Response:
    """Gives a platform admin access to the tenant for up to 15 minutes; the tenant can see it."""
    grant = await clients.access_grants.CreateAccessGrant(
        CreateAccessGrantRequest(
            parent=f"tenants/{scope.tenant}",
            access_grant=body.to_message(),
            ttl=Duration(seconds=60 * max(0, min(body.minutes, 60))),
            request_id=key,
        )
    )
    access_facts.invalidate(grant.admin)
    return ACCESS_GRANTS.one(query, grant)


@router.delete(
    "/tenants/{tenant_id}/access-grants/{access_grant_id}",
    summary="End an access grant",
    responses=responses.documented(responses.Deleted, "The access grant is ended."),
)
async def delete_access_grant(
    scope: TenantScope, clients: ClientsOf, access_facts: AccessFactsOf, access_grant_id: str
) -> Response:
    """Ends an access grant early, the caller's own or another's; the tenant can see it."""
    name = f"tenants/{scope.tenant}/accessGrants/{access_grant_id}"
    grant = await clients.access_grants.DeleteAccessGrant(DeleteAccessGrantRequest(name=name))
    access_facts.invalidate(grant.admin)
    return responses.deleted("access_grant", access_grant_id)


@router.get(
    "/access/explain",
    summary="Explain access",
    responses=responses.documented(
        ExplanationsAnswer, "The verdict for each admin, with its reasons."
    ),
    openapi_extra={"parameters": _EXPLAINING.parameters()},
)
async def explain_access(request: Request, scope: PlaceScope, clients: ClientsOf) -> Response:
    """Explains whether `admin` has `permission` at a tenant or the platform.

    Without `admin`, it lists who has the permission.
    """
    query = _EXPLAINING.parse(request.scope["query_string"])
    admin = query.one("admin")
    found = await clients.access.ExplainAccess(
        ExplainAccessRequest(
            parent=f"tenants/{scope.tenant}" if scope.tenant else "",
            permission=query.one("permission"),
            admin=f"admins/{admin}" if admin else "",
        )
    )
    explanations = ExplanationDocument.to_list(found.explanations)
    return responses.answer({"explanations": explanations, "more": found.more})
