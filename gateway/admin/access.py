"""Temporary access to tenants, and explanations of permissions."""

from fastapi import APIRouter, Request, Response
from google.protobuf.duration_pb2 import Duration
from pydantic import BaseModel, Field
from souk.tenant_registry.v1.access_grant_service_pb2 import (
    AccessGrant,
    CreateAccessGrantRequest,
    DeleteAccessGrantRequest,
    ListAccessGrantsRequest,
)
from souk.tenant_registry.v1.access_service_pb2 import ExplainAccessRequest

from gateway.admin.asking import Envelope, Resource, WritesAskNothing
from gateway.admin.shapes.access import (
    AccessGrantCreate,
    AccessGrantDocument,
    ExplanationDocument,
    access_grant_json,
    explanation_json,
)
from gateway.clients import ClientsOf
from gateway.identity.principals import AccessFactsOf
from gateway.identity.scopes import PLACE, PlaceScope, TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, One
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import Query

ACCESS_GRANTS = Resource("access_grant", "access_grants", AccessGrantDocument, Query())
_EXPLAINING = Query(
    filters={"admin": Id(), "permission": One(longest=100), **PLACE.filters}, limit=None
)

router = APIRouter(
    prefix="/admin",
    tags=["Users"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[WritesAskNothing],
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
    asked = ACCESS_GRANTS.asked(request)
    found = await clients.access_grants.ListAccessGrants(
        ListAccessGrantsRequest(
            parent=f"tenants/{scope.tenant}", page_size=asked.limit, skip=asked.offset
        )
    )
    documents = [access_grant_json(one) for one in found.access_grants]
    return ACCESS_GRANTS.page(asked, documents, count=found.total_size)


@router.post(
    "/tenants/{tenant_id}/access-grants",
    summary="Create an access grant",
    responses=responses.documented(AccessGrantAnswer, "The access grant."),
)
async def open_tenant(
    scope: TenantScope,
    clients: ClientsOf,
    access_facts: AccessFactsOf,
    key: IdempotencyKey,
    body: AccessGrantCreate,
) -> Response:
    """Gives a platform admin access to the tenant for up to 15 minutes; the tenant can see it."""
    one = await clients.access_grants.CreateAccessGrant(
        CreateAccessGrantRequest(
            parent=f"tenants/{scope.tenant}",
            access_grant=AccessGrant(reason=body.reason),
            ttl=Duration(seconds=60 * max(0, min(body.minutes, 60))),
            request_id=key,
        )
    )
    access_facts.changed(one.admin)
    return responses.one("access_grant", access_grant_json(one))


@router.delete(
    "/tenants/{tenant_id}/access-grants/{access_grant_id}",
    summary="End an access grant",
    responses=responses.documented(responses.Deleted, "The access grant is ended."),
)
async def close_tenant(
    scope: TenantScope, clients: ClientsOf, access_facts: AccessFactsOf, access_grant_id: str
) -> Response:
    """Ends an access grant early, the caller's own or another's; the tenant can see it."""
    name = f"tenants/{scope.tenant}/accessGrants/{access_grant_id}"
    one = await clients.access_grants.DeleteAccessGrant(DeleteAccessGrantRequest(name=name))
    access_facts.changed(one.admin)
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
    asked = _EXPLAINING.parse(request.scope["query_string"])
    admin = asked.one("admin")
    found = await clients.access.ExplainAccess(
        ExplainAccessRequest(
            parent=f"tenants/{scope.tenant}" if scope.tenant else "",
            permission=asked.one("permission"),
            admin=f"admins/{admin}" if admin else "",
        )
    )
    documents = [explanation_json(one) for one in found.explanations]
    return responses.answer({"explanations": documents, "more": found.more})
