"""API keys in Medusa's shape: those of the request's tenant, whose only sales channel it is."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.api_key_service_pb2 import (
    ApiKey,
    CreateApiKeyRequest,
    DeleteApiKeyRequest,
    GetApiKeyRequest,
    ListApiKeysRequest,
    RevokeApiKeyRequest,
    UpdateApiKeyRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.api_key import (
    ApiKeyCreate,
    ApiKeyUpdate,
    ChannelsOfKey,
    PlaceApiKeyDocument,
)
from gateway.documents.sales_channel import channel_id, tenant_name
from gateway.identity.scopes import CurrentScope, scope_at
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.errors import not_allowed
from gateway.medusa.filters import Choice, Id, Many, One, Text, times
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.medusa.values import enum_value, last_id
from gateway.tenancy import KnownTenant, TenancyOf
from services.kernel.call.errors import InvalidArgument
from services.kernel.call.limits import most_characters, most_entries

KEYS = Resource(
    "api_key",
    "api_keys",
    PlaceApiKeyDocument,
    Query(
        filters={
            "q": Text(most_characters(ListApiKeysRequest, "query")),
            "id": Many(most_entries(ListApiKeysRequest, "ids"), of=Id()),
            "title": One(most_characters(ListApiKeysRequest, "title")),
            "type": Choice(("secret", "publishable")),
            **times("created_at", "revoked_at"),
        },
        order=("created_at", "title"),
        limit=20,
    ),
)
KeyQuery = Annotated[ParsedQuery, Depends(KEYS.query_of_answer)]

router = Router(
    prefix="/admin/api-keys",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class PlaceApiKeyAnswer(BaseModel):
    api_key: PlaceApiKeyDocument


class PlaceApiKeysAnswer(Envelope):
    api_keys: list[PlaceApiKeyDocument]


@router.get(
    "",
    summary="List the API keys of the request's tenant",
    responses=responses.documented(PlaceApiKeysAnswer, "A page of API keys, newest first."),
    openapi_extra=KEYS.documented_list,
)
async def list_keys(
    request: Request, scope: CurrentScope, clients: ClientsOf, tenancy: TenancyOf
) -> Response:
    """Lists the API keys of the request's tenant, including revoked ones."""
    query = KEYS.list_query(request)
    found = await clients.api_keys.ListApiKeys(
        ListApiKeysRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            ids=query.many("id"),
            title=query.one("title"),
            kind=enum_value(ApiKey.Kind, query.one("type")),
            created_at=query.time_range("created_at"),
            revoked_at=query.time_range("revoked_at"),
        )
    )
    tenant = await tenancy.tenant(scope.tenant or "")
    return KEYS.page(
        query,
        found.api_keys,
        count=found.total_size,
        beside=lambda key: {"sales_channels": _channels(tenant, key)},
    )


@router.post(
    "",
    summary="Create an API key of the request's tenant",
    responses=responses.documented(PlaceApiKeyAnswer, "The API key, with its token this once."),
    openapi_extra=KEYS.documented_one,
)
async def create_key(
    scope: CurrentScope,
    query: KeyQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key: IdempotencyKey,
    body: ApiKeyCreate,
) -> Response:
    """Creates an API key; only this response contains its token.

    A secret key without `permissions` may do all that you may do there and that a key can hold.
    """
    made = await clients.api_keys.CreateApiKey(
        CreateApiKeyRequest(
            parent=f"tenants/{scope.tenant}",
            api_key=body.to_message(),
            request_id=key,
            all_permissions=body.type == "secret" and "permissions" not in body.model_fields_set,
        )
    )
    await tenancy.publish_change(scope.tenant or "")
    token = {"token": made.secret} if made.secret else {}
    return await _answer(query, tenancy, made.api_key, **token)


@router.get(
    "/{key_id}",
    summary="Get an API key of the request's tenant",
    responses=responses.documented(PlaceApiKeyAnswer, "The API key."),
    openapi_extra=KEYS.documented_one,
)
async def get_key(
    request: Request, scope: CurrentScope, clients: ClientsOf, tenancy: TenancyOf, key_id: str
) -> Response:
    """Returns one API key, including a revoked one."""
    query = KEYS.one_query(request)
    name = f"tenants/{scope.tenant}/apiKeys/{key_id}"
    return await _answer(
        query, tenancy, await clients.api_keys.GetApiKey(GetApiKeyRequest(name=name))
    )


@router.post(
    "/{key_id}",
    summary="Update an API key of the request's tenant",
    responses=responses.documented(PlaceApiKeyAnswer, "The updated API key."),
    openapi_extra=KEYS.documented_one,
)
async def update_key(
    scope: CurrentScope,
    query: KeyQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key_id: str,
    body: ApiKeyUpdate,
) -> Response:
    """Updates the title of an API key."""
    change = body.to_message(name=f"tenants/{scope.tenant}/apiKeys/{key_id}")
    key = await clients.api_keys.UpdateApiKey(
        UpdateApiKeyRequest(api_key=change, update_mask=body.to_mask())
    )
    return await _answer(query, tenancy, key)


@router.post(
    "/{key_id}/revoke",
    summary="Revoke an API key of the request's tenant",
    responses=responses.documented(PlaceApiKeyAnswer, "The revoked API key."),
    openapi_extra=KEYS.documented_one,
)
async def revoke_key(
    scope: CurrentScope, query: KeyQuery, clients: ClientsOf, tenancy: TenancyOf, key_id: str
) -> Response:
    """Revokes an API key permanently, at once for writes and within a second for reads."""
    name = f"tenants/{scope.tenant}/apiKeys/{key_id}"
    key = await clients.api_keys.RevokeApiKey(RevokeApiKeyRequest(name=name))
    await tenancy.publish_change(scope.tenant or "")
    return await _answer(query, tenancy, key)


@router.delete(
    "/{key_id}",
    summary="Delete a revoked API key of the request's tenant",
    responses=responses.documented(responses.Deleted, "The API key is deleted."),
)
async def delete_key(scope: CurrentScope, clients: ClientsOf, key_id: str) -> Response:
    """Takes a revoked API key off the list; audit events still name it."""
    name = f"tenants/{scope.tenant}/apiKeys/{key_id}"
    await clients.api_keys.DeleteApiKey(DeleteApiKeyRequest(name=name))
    return responses.deleted("api_key", key_id)


@router.post(
    "/{key_id}/sales-channels",
    summary="Check the sales channel of a publishable API key",
    responses=responses.documented(PlaceApiKeyAnswer, "The API key, as it was."),
    openapi_extra=KEYS.documented_one,
)
async def change_channels(
    request: Request,
    scope: CurrentScope,
    query: KeyQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key_id: str,
    body: ChannelsOfKey,
) -> Response:
    """Accepts the channel that the key has; any other change is refused.

    A key belongs to the tenant for which it was made, for good.
    """
    name = f"tenants/{scope.tenant}/apiKeys/{key_id}"
    key = await clients.api_keys.GetApiKey(GetApiKeyRequest(name=name))
    await _check_channels(request, key, channel_id(scope.tenant or ""), body)
    return await _answer(query, tenancy, key)


async def _check_channels(request: Request, key: ApiKey, own: str, body: ChannelsOfKey) -> None:
    """Refuses a change of a key's channel.

    Raises:
        InvalidArgument: CHANNELS_INVALID, a secret key has none.
        NotFound: TENANT_NOT_FOUND, no such channel, or not for the caller.
        Refused: KEY_BOUND, the key would get another channel, or none.
    """
    if key.kind != ApiKey.KIND_PUBLISHABLE:
        text = "Sales channels can only be associated with publishable API keys"
        raise InvalidArgument("CHANNELS_INVALID", text, {"add": "must be empty for a secret key"})
    tenants = {channel: last_id(tenant_name(channel)) for channel in [*body.add, *body.remove]}
    if others := [channel for channel in body.add if channel != own]:
        other, tenant = others[0], tenants[others[0]]
        await scope_at(request, tenant)
        raise not_allowed(
            "KEY_BOUND",
            f"This key belongs to {own} for good. Create one for {other} with POST"
            f" /admin/api-keys on its host, or with the header X-Tenant-ID: {tenant}.",
        )
    if own in body.remove:
        raise not_allowed(
            "KEY_BOUND", f"This key belongs to {own} for good. Revoke it to end its use there."
        )


async def _answer(
    query: ParsedQuery, tenancy: TenancyOf, key: ApiKey, **others: object
) -> Response:
    tenant = await tenancy.tenant(key.name.split("/")[1])
    return KEYS.one(query, key, sales_channels=_channels(tenant, key), **others)


def _channels(tenant: KnownTenant, key: ApiKey) -> list[dict[str, str]]:
    if key.kind != ApiKey.KIND_PUBLISHABLE:
        return []
    return [{"id": channel_id(tenant.id), "name": tenant.display_name}]
