"""Invites by e-mail to a role at a tenant or everywhere."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.invite_service_pb2 import (
    CreateInviteRequest,
    DeleteInviteRequest,
    GetInviteRequest,
    ListInvitesRequest,
    ResendInviteRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.invite import InviteCreate, InviteDocument
from gateway.documents.user import UserDocument
from gateway.identity.scopes import PlatformScope, TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, One, Text
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope


class InviteAnswer(BaseModel):
    invite: InviteDocument


class InvitesAnswer(Envelope):
    invites: list[InviteDocument]


class UserAnswer(BaseModel):
    user: UserDocument


INVITES = Resource(
    "invite",
    "invites",
    InviteDocument,
    Query(
        filters={
            "q": Text(most_characters(ListInvitesRequest, "query")),
            "id": Many(most_entries(ListInvitesRequest, "invites"), Id()),
            "email": Many(
                most_entries(ListInvitesRequest, "emails"),
                One(most_characters(ListInvitesRequest, "emails")),
            ),
        },
        order=("created_at", "id", "email", "expires_at"),
    ),
)
InviteQuery = Annotated[ParsedQuery, Depends(INVITES.query_of_answer)]
_LIST_DOCUMENTED: dict[str, Any] = {
    "responses": responses.documented(
        InvitesAnswer, "A page of pending invites, oldest first unless `order` says otherwise."
    ),
    "openapi_extra": INVITES.documented_list,
}
_INVITE_DOCUMENTED = responses.documented(
    InviteAnswer, "The pending invite; its token is sent by e-mail."
)
_DELETED_DOCUMENTED = responses.documented(responses.Deleted, "The invite is withdrawn.")

router = Router(
    prefix="/admin",
    tags=["Users"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


@router.get("/invites", summary="List invites to the platform", **_LIST_DOCUMENTED)
async def list_invites(request: Request, scope: PlatformScope, clients: ClientsOf) -> Response:
    """Lists pending invites to roles that apply everywhere."""
    return await _list(request, scope, clients)


@router.get("/tenants/{tenant_id}/invites", summary="List invites to a tenant", **_LIST_DOCUMENTED)
async def list_tenant_invites(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Lists pending invites to a tenant."""
    return await _list(request, scope, clients)


@router.post(
    "/invites",
    summary="Invite someone to the platform",
    responses=_INVITE_DOCUMENTED,
    openapi_extra=INVITES.documented_one,
)
async def create_invite(
    scope: PlatformScope,
    query: InviteQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: InviteCreate,
) -> Response:
    """Invites someone to a role that applies everywhere."""
    return await _create(scope, query, clients, key, body)


@router.post(
    "/tenants/{tenant_id}/invites",
    summary="Invite someone to a tenant",
    responses=_INVITE_DOCUMENTED,
    openapi_extra=INVITES.documented_one,
)
async def create_tenant_invite(
    scope: TenantScope,
    query: InviteQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: InviteCreate,
) -> Response:
    """Invites someone to a role at a tenant."""
    return await _create(scope, query, clients, key, body)


@router.get(
    "/invites/{invite_id}",
    summary="Get an invite to the platform",
    responses=_INVITE_DOCUMENTED,
    openapi_extra=INVITES.documented_one,
)
async def get_invite(
    request: Request, scope: PlatformScope, clients: ClientsOf, invite_id: str
) -> Response:
    """Returns a pending invite to a role that applies everywhere."""
    return await _get(request, scope, clients, invite_id)


@router.get(
    "/tenants/{tenant_id}/invites/{invite_id}",
    summary="Get an invite to a tenant",
    responses=_INVITE_DOCUMENTED,
    openapi_extra=INVITES.documented_one,
)
async def get_tenant_invite(
    request: Request, scope: TenantScope, clients: ClientsOf, invite_id: str
) -> Response:
    """Returns a pending invite to a tenant."""
    return await _get(request, scope, clients, invite_id)


@router.delete(
    "/invites/{invite_id}",
    summary="Withdraw an invite to the platform",
    responses=_DELETED_DOCUMENTED,
)
async def withdraw_invite(scope: PlatformScope, clients: ClientsOf, invite_id: str) -> Response:
    """Withdraws an invite to a role that applies everywhere."""
    return await _withdraw(scope, clients, invite_id)


@router.delete(
    "/tenants/{tenant_id}/invites/{invite_id}",
    summary="Withdraw an invite to a tenant",
    responses=_DELETED_DOCUMENTED,
)
async def withdraw_tenant_invite(
    scope: TenantScope, clients: ClientsOf, invite_id: str
) -> Response:
    """Withdraws an invite to a tenant."""
    return await _withdraw(scope, clients, invite_id)


@router.post(
    "/invites/{invite_id}/resend",
    summary="Resend an invite to the platform",
    responses=_INVITE_DOCUMENTED,
    openapi_extra=INVITES.documented_one,
)
async def resend_invite(
    scope: PlatformScope, query: InviteQuery, clients: ClientsOf, invite_id: str
) -> Response:
    """Sends the invite again with a new token; the old token becomes invalid."""
    return await _resend(scope, query, clients, invite_id)


@router.post(
    "/tenants/{tenant_id}/invites/{invite_id}/resend",
    summary="Resend an invite to a tenant",
    responses=_INVITE_DOCUMENTED,
    openapi_extra=INVITES.documented_one,
)
async def resend_tenant_invite(
    scope: TenantScope, query: InviteQuery, clients: ClientsOf, invite_id: str
) -> Response:
    """Sends the invite again with a new token; the old token becomes invalid."""
    return await _resend(scope, query, clients, invite_id)


async def _list(request: Request, scope: Scope, clients: ClientsOf) -> Response:
    query = INVITES.list_query(request)
    found = await clients.invites.ListInvites(
        ListInvitesRequest(
            parent=_parent(scope),
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            emails=query.many("email"),
            invites=[_name(scope, invite_id) for invite_id in query.many("id")],
        )
    )
    return INVITES.page(query, found.invites, count=found.total_size)


async def _get(request: Request, scope: Scope, clients: ClientsOf, invite_id: str) -> Response:
    query = INVITES.one_query(request)
    invite = await clients.invites.GetInvite(GetInviteRequest(name=_name(scope, invite_id)))
    return INVITES.one(query, invite)


async def _create(
    scope: Scope, query: ParsedQuery, clients: ClientsOf, key: str, body: InviteCreate
) -> Response:
    invite = body.to_message()
    # Ids of tenants' own roles start with `role_`; the others are the platform's.
    if scope.tenant and body.role.startswith("role_"):
        invite.role = f"{_parent(scope)}/roles/{body.role}"
    invite = await clients.invites.CreateInvite(
        CreateInviteRequest(parent=_parent(scope), invite=invite, request_id=key)
    )
    return INVITES.one(query, invite)


async def _withdraw(scope: Scope, clients: ClientsOf, invite_id: str) -> Response:
    await clients.invites.DeleteInvite(DeleteInviteRequest(name=_name(scope, invite_id)))
    return responses.deleted("invite", invite_id)


async def _resend(scope: Scope, query: ParsedQuery, clients: ClientsOf, invite_id: str) -> Response:
    invite = await clients.invites.ResendInvite(ResendInviteRequest(name=_name(scope, invite_id)))
    return INVITES.one(query, invite)


def _parent(scope: Scope) -> str:
    return f"tenants/{scope.tenant}" if scope.tenant else ""


def _name(scope: Scope, invite_id: str) -> str:
    return f"{_parent(scope)}/invites/{invite_id}".removeprefix("/")
