"""Medusa's sales channels: each tenant is one, and selling a product there is an opt-in."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.tenant_registry.v1.tenant_pb2 import Tenant
from souk.tenant_registry.v1.tenant_registry_service_pb2 import (
    DeleteTenantRequest,
    GetTenantRequest,
    ListVisibleTenantsRequest,
    UpdateTenantRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.sales_channel import (
    ChannelProducts,
    SalesChannelDocument,
    SalesChannelUpdate,
    channel_id,
    tenant_names,
)
from gateway.identity.scopes import CurrentScope, TenantScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.errors import not_allowed
from gateway.medusa.filters import Flag, Id, Many, One, Text
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.request_state import BATCH_SECONDS
from gateway.tenancy import TenancyOf
from services.kernel.call.limits import most_characters, most_entries

_OPEN = (Tenant.STATE_ACTIVE,)
_CLOSED = (Tenant.STATE_PROVISIONING, Tenant.STATE_SUSPENDED, Tenant.STATE_ARCHIVED)

CHANNELS = Resource(
    "sales_channel",
    "sales_channels",
    SalesChannelDocument,
    Query(
        filters={
            "q": Text(most_characters(ListVisibleTenantsRequest, "query")),
            "id": Many(most_entries(ListVisibleTenantsRequest, "tenants"), of=Id()),
            "name": One(most_characters(ListVisibleTenantsRequest, "display_name")),
            "is_disabled": Flag(),
            "publishable_key_id": Id(),
            "with_deleted": Flag(),
        },
        order=("id", "name", "created_at", "updated_at"),
        limit=20,
    ),
)
ChannelQuery = Annotated[ParsedQuery, Depends(CHANNELS.query_of_answer)]

router = Router(
    prefix="/admin/sales-channels",
    tags=["Sales channels"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class SalesChannelAnswer(BaseModel):
    sales_channel: SalesChannelDocument


class SalesChannelsAnswer(Envelope):
    sales_channels: list[SalesChannelDocument]


@router.get(
    "",
    summary="List sales channels",
    responses=responses.documented(SalesChannelsAnswer, "A page of sales channels."),
    openapi_extra=CHANNELS.documented_list,
)
async def list_sales_channels(
    request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Lists the tenants that you may see; on a tenant's own host only that one."""
    query = CHANNELS.list_query(request)
    is_disabled = query.flag("is_disabled")
    found = await clients.tenants.ListVisibleTenants(
        ListVisibleTenantsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order.replace("name", "display_name"),
            query=query.one("q"),
            tenants=tenant_names(query.many("id")),
            display_name=query.one("name"),
            states=() if is_disabled is None else _CLOSED if is_disabled else _OPEN,
            publishable_key=query.one("publishable_key_id"),
            show_deleted=bool(query.flag("with_deleted")),
        )
    )
    return CHANNELS.page(query, found.tenants, count=found.total_size)


@router.post(
    "",
    summary="Create a sales channel (refused)",
    status_code=400,
    response_description="A sales channel is a tenant, which is created elsewhere.",
)
async def create_sales_channel(_: CurrentScope) -> Response:
    """Always answers 400: a sales channel is a tenant. Create one with POST /admin/tenants."""
    raise not_allowed(
        "CHANNEL_IS_TENANT",
        "A sales channel is a tenant, which has a country, a currency and a language. Create one"
        " with POST /admin/tenants.",
    )


@router.get(
    "/sc_{tenant_id}",
    summary="Get a sales channel",
    responses=responses.documented(SalesChannelAnswer, "The sales channel."),
    openapi_extra=CHANNELS.documented_one,
)
async def get_sales_channel(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Returns one tenant as a sales channel."""
    query = CHANNELS.one_query(request)
    tenant = await clients.tenants.GetTenant(GetTenantRequest(name=f"tenants/{scope.tenant}"))
    return CHANNELS.one(query, tenant)


@router.post(
    "/sc_{tenant_id}",
    summary="Update a sales channel",
    responses=responses.documented(SalesChannelAnswer, "The updated sales channel."),
    openapi_extra=CHANNELS.documented_one,
)
async def update_sales_channel(
    scope: TenantScope,
    query: ChannelQuery,
    clients: ClientsOf,
    tenancy: TenancyOf,
    etag: IfMatch,
    body: SalesChannelUpdate,
) -> Response:
    """Updates the name, the description and the metadata, which are the tenant's settings."""
    known = await tenancy.tenant(scope.tenant or "")
    if "is_disabled" in body.model_fields_set and body.is_disabled == known.is_open:
        raise not_allowed(
            "CHANNEL_IS_TENANT",
            "is_disabled is whether the tenant's shop is closed. Close it with POST"
            f" /admin/tenants/{scope.tenant}/suspend, and open it with …/activate.",
        )
    change = body.to_message(name=f"tenants/{scope.tenant}", etag=etag)
    tenant = await clients.tenants.UpdateTenant(
        UpdateTenantRequest(tenant=change, update_mask=body.to_mask())
    )
    await tenancy.publish_change(scope.tenant or "")
    return CHANNELS.one(query, tenant)


@router.delete(
    "/sc_{tenant_id}",
    summary="Archive a sales channel",
    responses=responses.documented(responses.Deleted, "The tenant is archived."),
)
async def delete_sales_channel(
    scope: TenantScope, clients: ClientsOf, tenancy: TenancyOf, key: IdempotencyKey, etag: IfMatch
) -> Response:
    """Archives the tenant, as DELETE /admin/tenants/{tenant_id} does; no data is lost."""
    tenant = await clients.tenants.DeleteTenant(
        DeleteTenantRequest(name=f"tenants/{scope.tenant}", request_id=key, etag=etag)
    )
    await tenancy.publish_change(scope.tenant or "")
    return responses.deleted("sales-channel", channel_id(tenant.name))


@router.post(
    "/sc_{tenant_id}/products",
    summary="Add products to a sales channel, and remove others",
    responses=responses.documented(SalesChannelAnswer, "The sales channel."),
    openapi_extra=CHANNELS.documented_one,
)
async def change_channel_products(
    scope: TenantScope,
    query: ChannelQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: ChannelProducts,
) -> Response:
    """Opts the tenant in to products and out of others, in one transaction.

    What is so already is left as it is. If any other product cannot be added, nothing is done.
    """
    name = f"tenants/{scope.tenant}"
    tenant = await clients.tenants.GetTenant(GetTenantRequest(name=name))
    await clients.listings.BatchChangeListings(
        body.to_message(parent=name, request_id=key, skip_done=True), timeout=BATCH_SECONDS
    )
    return CHANNELS.one(query, tenant)
