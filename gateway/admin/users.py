"""Users: the admins of the platform and its tenants. Their assignments hold their roles."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import Field
from souk.tenant_registry.v1.admin_service_pb2 import (
    ActivateAdminRequest,
    CreateAdminRequest,
    DeleteAdminRequest,
    GetAdminRequest,
    GetOwnAdminRequest,
    ListAdminsRequest,
    ListTenantAdminsRequest,
    UpdateAdminRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.role import EffectDocument, EndedDocument
from gateway.documents.user import (
    TenantUserDocument,
    UserAnswer,
    UserCreate,
    UserDocument,
    UserUpdate,
)
from gateway.identity.principals import AccessFactsOf
from gateway.identity.scopes import AccountScope, PlatformScope, TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Flag, Id, Many, One, Text
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, Resource
from gateway.medusa.router import Router
from gateway.medusa.values import last_id
from services.kernel.call.limits import most_characters, most_entries

USERS = Resource(
    "user",
    "users",
    UserDocument,
    Query(
        filters={
            "q": Text(most_characters(ListAdminsRequest, "query")),
            "id": Many(most_entries(ListAdminsRequest, "admins"), Id()),
            "email": One(most_characters(ListAdminsRequest, "email")),
            "first_name": One(most_characters(ListAdminsRequest, "first_name")),
            "last_name": One(most_characters(ListAdminsRequest, "last_name")),
            "with_deactivated": Flag(),
        },
        order=("id", "email", "first_name", "last_name", "created_at", "updated_at"),
    ),
)
UserQuery = Annotated[ParsedQuery, Depends(USERS.query_of_answer)]
TENANT_USERS = Resource("user", "users", TenantUserDocument, Query())
_ACTIVATION = Query(filters={"validate_only": Flag()}, limit=None, has_fields=False)

router = Router(
    prefix="/admin",
    tags=["Users"],
    responses=responses.ADMIN_ERRORS,
    route_class=ExactRoute,
)


class ActivatedAnswer(UserAnswer):
    effects: list[EffectDocument] = Field(description="What the request changed, or would change.")


class UsersAnswer(Envelope):
    users: list[UserDocument]


class TenantUsersAnswer(Envelope):
    users: list[TenantUserDocument]


@router.get(
    "/users/me",
    summary="Get the logged-in user",
    responses=responses.documented(UserAnswer, "The admin."),
    openapi_extra=USERS.documented_one,
)
async def get_own_user(request: Request, _: AccountScope, clients: ClientsOf) -> Response:
    """Returns the logged-in admin; works on any host and needs no role."""
    query = USERS.one_query(request)
    return USERS.one(query, await clients.admins.GetOwnAdmin(GetOwnAdminRequest()))


@router.get(
    "/users",
    summary="List users",
    responses=responses.documented(
        UsersAnswer, "A page of users, by id unless `order` says otherwise."
    ),
    openapi_extra=USERS.documented_list,
)
async def list_users(request: Request, _: PlatformScope, clients: ClientsOf) -> Response:
    """Lists all admins of the platform; `with_deactivated` includes deactivated ones."""
    query = USERS.list_query(request)
    found = await clients.admins.ListAdmins(
        ListAdminsRequest(
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            admins=[f"admins/{user_id}" for user_id in query.many("id")],
            email=query.one("email"),
            first_name=query.one("first_name"),
            last_name=query.one("last_name"),
            show_deactivated=bool(query.flag("with_deactivated")),
        )
    )
    return USERS.page(query, found.admins, count=found.total_size)


@router.post(
    "/users",
    summary="Create a user",
    responses=responses.documented(UserAnswer, "The user."),
    openapi_extra=USERS.documented_one,
)
async def create_user(
    _: PlatformScope, query: UserQuery, clients: ClientsOf, key: IdempotencyKey, body: UserCreate
) -> Response:
    """Creates an admin without roles or a password; a password reset lets them log in."""
    admin = await clients.admins.CreateAdmin(
        CreateAdminRequest(admin=body.to_message(), request_id=key)
    )
    return USERS.one(query, admin)


@router.get(
    "/users/{user_id}",
    summary="Get a user",
    responses=responses.documented(UserAnswer, "The user."),
    openapi_extra=USERS.documented_one,
)
async def get_user(
    request: Request, _: PlatformScope, clients: ClientsOf, user_id: str
) -> Response:
    """Returns one admin, including a deactivated one."""
    query = USERS.one_query(request)
    admin = await clients.admins.GetAdmin(GetAdminRequest(name=f"admins/{user_id}"))
    return USERS.one(query, admin)


@router.post(
    "/users/{user_id}",
    summary="Update a user",
    responses=responses.documented(UserAnswer, "The updated user."),
    openapi_extra=USERS.documented_one,
)
async def update_user(
    _: PlatformScope,
    query: UserQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    user_id: str,
    body: UserUpdate,
) -> Response:
    """Updates the fields in the body; the admin must not hold more than the caller."""
    admin = await clients.admins.UpdateAdmin(
        UpdateAdminRequest(
            admin=body.to_message(name=f"admins/{user_id}"),
            update_mask=body.to_mask(),
            request_id=key,
        )
    )
    return USERS.one(query, admin)


@router.delete(
    "/users/{user_id}",
    summary="Deactivate a user",
    responses=responses.documented(EndedDocument, "The user is deactivated."),
    openapi_extra={"parameters": _ACTIVATION.parameters()},
)
async def deactivate_user(
    request: Request,
    _: PlatformScope,
    clients: ClientsOf,
    access_facts: AccessFactsOf,
    user_id: str,
) -> Response:
    """Deactivates an admin, with immediate effect; `validate_only` previews the changes."""
    validate_only = _validate_only(request)
    admin = await clients.admins.DeleteAdmin(
        DeleteAdminRequest(name=f"admins/{user_id}", validate_only=validate_only)
    )
    access_facts.invalidate(admin.name)
    return responses.deleted(
        "user",
        last_id(admin.name),
        deleted=not validate_only,
        effects=EffectDocument.to_list(admin.effects),
    )


@router.post(
    "/users/{user_id}/activate",
    summary="Reactivate a user",
    responses=responses.documented(ActivatedAnswer, "The reactivated user."),
    openapi_extra={"parameters": _ACTIVATION.parameters()},
)
async def activate_user(
    request: Request,
    _: PlatformScope,
    clients: ClientsOf,
    access_facts: AccessFactsOf,
    key: IdempotencyKey,
    user_id: str,
) -> Response:
    """Reactivates an admin with their roles; the caller must hold no less. They log in again."""
    admin = await clients.admins.ActivateAdmin(
        ActivateAdminRequest(
            name=f"admins/{user_id}", request_id=key, validate_only=_validate_only(request)
        )
    )
    access_facts.invalidate(admin.name)
    user, effects = UserDocument.to_json(admin), EffectDocument.to_list(admin.effects)
    return responses.answer({"user": user, "effects": effects})


@router.get(
    "/tenants/{tenant_id}/users",
    summary="List a tenant's users",
    responses=responses.documented(TenantUsersAnswer, "A page of the tenant's users, by id."),
    openapi_extra=TENANT_USERS.documented_list,
)
async def list_tenant_users(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Lists the admins who hold a role at this tenant, with these roles."""
    query = TENANT_USERS.list_query(request)
    found = await clients.admins.ListTenantAdmins(
        ListTenantAdminsRequest(
            parent=f"tenants/{scope.tenant}", page_size=query.limit, skip=query.offset
        )
    )
    return TENANT_USERS.page(query, found.admins, count=found.total_size)


def _validate_only(request: Request) -> bool:
    return bool(_ACTIVATION.parse(request.scope["query_string"]).flag("validate_only"))
