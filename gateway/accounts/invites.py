"""Invites by e-mail to a role at a tenant or everywhere."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.invite_service_pb2 import (
    CreateInviteRequest,
    DeleteInviteRequest,
    ListInvitesRequest,
    ResendInviteRequest,
)

from gateway.accounts.sessions import AUTH, LOGIN_SECONDS, strangers_scope
from gateway.clients import ClientsOf
from gateway.documents.invite import InviteAccept, InviteCreate, InviteDocument, OwnInviteAccept
from gateway.documents.user import UserDocument
from gateway.identity.principals import AccessFactsOf
from gateway.identity.scopes import AccountScope, PlatformScope, TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from services.kernel.call.scope import Scope, bound


class InviteAnswer(BaseModel):
    invite: InviteDocument


class InvitesAnswer(Envelope):
    invites: list[InviteDocument]


class UserAnswer(BaseModel):
    user: UserDocument


INVITES = Resource("invite", "invites", InviteDocument, Query(limit=None))
_LISTED: dict[str, Any] = {
    "responses": responses.documented(InvitesAnswer, "The pending invites, newest first."),
    "openapi_extra": INVITES.documented_list,
}
_MADE = responses.documented(InviteAnswer, "The pending invite; its token is sent by e-mail.")
_GONE = responses.documented(responses.Deleted, "The invite is withdrawn.")

accepting = APIRouter(**AUTH)
router = APIRouter(
    prefix="/admin",
    tags=["Users"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


@accepting.post(
    "/admin/invites/accept",
    summary="Accept an invite",
    responses=responses.documented(UserAnswer, "The admin."),
)
async def accept_invite(request: Request, body: InviteAccept, clients: ClientsOf) -> Response:
    """Accepts an invite with the token from the e-mail; log in afterwards.

    If the address already has an account, use that account's password.
    """
    with bound(strangers_scope(request)):
        admin = await clients.invites.AcceptInvite(body.to_message(), timeout=LOGIN_SECONDS)
    return responses.one("user", UserDocument.to_json(admin))


@router.post(
    "/users/me/invites/accept",
    summary="Accept an invite while logged in",
    responses=responses.documented(UserAnswer, "The admin."),
)
async def accept_own_invite(
    _: AccountScope, clients: ClientsOf, access_facts: AccessFactsOf, body: OwnInviteAccept
) -> Response:
    """Accepts an invite to the logged-in admin's own address."""
    admin = await clients.invites.AcceptOwnInvite(body.to_message())
    access_facts.changed(admin.name)
    return responses.one("user", UserDocument.to_json(admin))


@router.get("/invites", summary="List invites to the platform", **_LISTED)
async def list_invites(request: Request, scope: PlatformScope, clients: ClientsOf) -> Response:
    """Lists pending invites to roles that apply everywhere."""
    return await _list(request, scope, clients)


@router.get("/tenants/{tenant_id}/invites", summary="List invites to a tenant", **_LISTED)
async def list_tenants_invites(
    request: Request, scope: TenantScope, clients: ClientsOf
) -> Response:
    """Lists pending invites to a tenant."""
    return await _list(request, scope, clients)


@router.post("/invites", summary="Invite someone to the platform", responses=_MADE)
async def invite(
    scope: PlatformScope, clients: ClientsOf, key: IdempotencyKey, body: InviteCreate
) -> Response:
    """Invites someone to a role that applies everywhere."""
    return await _invite(scope, clients, key, body)


@router.post("/tenants/{tenant_id}/invites", summary="Invite someone to a tenant", responses=_MADE)
async def invite_to_tenant(
    scope: TenantScope, clients: ClientsOf, key: IdempotencyKey, body: InviteCreate
) -> Response:
    """Invites someone to a role at a tenant."""
    return await _invite(scope, clients, key, body)


@router.delete(
    "/invites/{invite_id}", summary="Withdraw an invite to the platform", responses=_GONE
)
async def take_back_invite(scope: PlatformScope, clients: ClientsOf, invite_id: str) -> Response:
    """Withdraws an invite to a role that applies everywhere."""
    return await _take_back(scope, clients, invite_id)


@router.delete(
    "/tenants/{tenant_id}/invites/{invite_id}",
    summary="Withdraw an invite to a tenant",
    responses=_GONE,
)
async def take_back_tenants_invite(
    scope: TenantScope, clients: ClientsOf, invite_id: str
) -> Response:
    """Withdraws an invite to a tenant."""
    return await _take_back(scope, clients, invite_id)


@router.post(
    "/invites/{invite_id}/resend", summary="Resend an invite to the platform", responses=_MADE
)
async def resend_invite(scope: PlatformScope, clients: ClientsOf, invite_id: str) -> Response:
    """Sends the invite again with a new token; the old token becomes invalid."""
    return await _resend(scope, clients, invite_id)


@router.post(
    "/tenants/{tenant_id}/invites/{invite_id}/resend",
    summary="Resend an invite to a tenant",
    responses=_MADE,
)
async def resend_tenants_invite(scope: TenantScope, clients: ClientsOf, invite_id: str) -> Response:
    """Sends the invite again with a new token; the old token becomes invalid."""
    return await _resend(scope, clients, invite_id)


async def _list(request: Request, scope: Scope, clients: ClientsOf) -> Response:
    query = INVITES.list_query(request)
    found = await clients.invites.ListInvites(ListInvitesRequest(parent=_parent(scope)))
    return INVITES.page(query, found.invites, count=len(found.invites))


async def _invite(scope: Scope, clients: ClientsOf, key: str, body: InviteCreate) -> Response:
    wanted = body.to_message()
    # Ids of tenants' own roles start with `role_`; the others are the platform's.
    if scope.tenant and body.role.startswith("role_"):
        wanted.role = f"{_parent(scope)}/roles/{body.role}"
    made = await clients.invites.CreateInvite(
        CreateInviteRequest(parent=_parent(scope), invite=wanted, request_id=key)
    )
    return INVITES.response(made)


async def _take_back(scope: Scope, clients: ClientsOf, invite_id: str) -> Response:
    await clients.invites.DeleteInvite(DeleteInviteRequest(name=_name(scope, invite_id)))
    return responses.deleted("invite", invite_id)


async def _resend(scope: Scope, clients: ClientsOf, invite_id: str) -> Response:
    sent = await clients.invites.ResendInvite(ResendInviteRequest(name=_name(scope, invite_id)))
    return INVITES.response(sent)


def _parent(scope: Scope) -> str:
    return f"tenants/{scope.tenant}" if scope.tenant else ""


def _name(scope: Scope, invite_id: str) -> str:
    return f"{_parent(scope)}/invites/{invite_id}".removeprefix("/")
