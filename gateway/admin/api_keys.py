"""A tenant's API keys: secret ones for machines, publishable ones for storefronts."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.api_key_service_pb2 import (
    CreateApiKeyRequest,
    GetApiKeyRequest,
    ListApiKeysRequest,
    RevokeApiKeyRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.api_key import ApiKeyCreate, ApiKeyDocument, NewApiKeyDocument
from gateway.identity.scopes import TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.tenancy import TenancyOf

API_KEYS = Resource("api_key", "api_keys", ApiKeyDocument, Query())

router = Router(
    prefix="/admin/tenants/{tenant_id}/api-keys",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class ApiKeyAnswer(BaseModel):
    api_key: ApiKeyDocument


class NewApiKeyAnswer(BaseModel):
    api_key: NewApiKeyDocument


class ApiKeysAnswer(Envelope):
    api_keys: list[ApiKeyDocument]


@router.get(
    "",
    summary="List API keys",
    responses=responses.documented(ApiKeysAnswer, "A page of API keys, newest first."),
    openapi_extra=API_KEYS.documented_list,
)
async def list_api_keys(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Lists a tenant's API keys, including revoked ones."""
    query = API_KEYS.list_query(request)
    found = await clients.api_keys.ListApiKeys(
        ListApiKeysRequest(
            parent=f"tenants/{scope.tenant}", page_size=query.limit, skip=query.offset
        )
    )
    return API_KEYS.page(query, found.api_keys, count=found.total_size)


@router.post(
    "",
    summary="Create an API key",
    responses=responses.documented(NewApiKeyAnswer, "The API key; its token is shown only once."),
)
async def create_api_key(
    scope: TenantScope,
    clients: ClientsOf,
    tenancy: TenancyOf,
    key: IdempotencyKey,
    body: ApiKeyCreate,
) -> Response:
    """Creates an API key; only this response contains its token."""
    made = await clients.api_keys.CreateApiKey(
        CreateApiKeyRequest(
            parent=f"tenants/{scope.tenant}", api_key=body.to_message(), request_id=key
        )
    )
    await tenancy.publish_change(scope.tenant or "")
    document = NewApiKeyDocument.to_json(made.api_key, token=made.secret or None)
    return responses.one("api_key", document)


@router.get(
    "/{key_id}",
    summary="Get an API key",
    responses=responses.documented(ApiKeyAnswer, "The API key."),
    openapi_extra=API_KEYS.documented_one,
)
async def get_api_key(
    request: Request, scope: TenantScope, clients: ClientsOf, key_id: str
) -> Response:
    """Returns one API key, including a revoked one."""
    query = API_KEYS.one_query(request)
    key = await clients.api_keys.GetApiKey(
        GetApiKeyRequest(name=f"tenants/{scope.tenant}/apiKeys/{key_id}")
    )
    return API_KEYS.one(query, key)


@router.delete(
    "/{key_id}",
    summary="Revoke an API key",
    responses=responses.documented(responses.DeletedOfTenant, "The API key is revoked."),
)
async def revoke_api_key(
    scope: TenantScope, clients: ClientsOf, tenancy: TenancyOf, tenant_id: str, key_id: str
) -> Response:
    """Revokes an API key permanently; it stays listed, because audit events refer to it."""
    await clients.api_keys.RevokeApiKey(
        RevokeApiKeyRequest(name=f"tenants/{scope.tenant}/apiKeys/{key_id}")
    )
    await tenancy.publish_change(tenant_id)
    return responses.deleted("api_key", key_id, parent={"id": tenant_id, "object": "tenant"})
