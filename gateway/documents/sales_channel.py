"""Tenants as Medusa's sales channels, and the products that they sell."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field
from souk.catalog_opt_in.v1.listing_service_pb2 import BatchChangeListingsRequest
from souk.tenant_registry.v1.tenant_pb2 import Tenant

from gateway.documents.scalars import CreatedAt, Etag, Time, UpdatedAt, reference
from gateway.documents.tenant import DisplayName, Settings
from gateway.medusa.shapes import Body, Document, From, NotInMessage, optional
from gateway.medusa.values import last_id
from services.kernel.call.errors import NotFound
from services.kernel.process.tenant_ids import TENANT_ID

_PREFIX = "sc_"
_NOBODY = "tenants/_"  # no tenant's: an id has no _


def channel_id(tenant: str) -> str:
    """Returns the id of a tenant's sales channel, from the tenant's id or name."""
    return f"{_PREFIX}{last_id(tenant)}"


def tenant_name(channel: str) -> str:
    """Returns the name of a channel's tenant.

    Raises:
        NotFound: TENANT_NOT_FOUND, no channel can have this id.
    """
    tenant = channel.removeprefix(_PREFIX)
    if tenant == channel or not TENANT_ID.fullmatch(tenant):
        raise NotFound("TENANT_NOT_FOUND", f"No such sales channel: {channel[:100]}")
    return f"tenants/{tenant}"


def tenant_names(channels: Iterable[str]) -> list[str]:
    """Returns what a list is filtered by; an id that no channel can have finds nothing."""
    names = []
    for channel in channels:
        try:
            names.append(tenant_name(channel))
        except NotFound:
            names.append(_NOBODY)
    return names


class SalesChannelUpdate(Body[Tenant]):
    """The fields of a sales channel to update. null clears a field."""

    name: Annotated[DisplayName, From("display_name")] = optional()
    description: str | None = None
    metadata: Annotated[Settings | None, From("settings")] = None
    is_disabled: Annotated[bool, NotInMessage("state")] = optional(
        description="Fixed: opening and closing a shop are acts of their own."
    )


class ChannelProducts(Body[BatchChangeListingsRequest]):
    """Products to sell in a channel, and products to sell there no more."""

    add: Annotated[list[str], reference("creates.product", to="products")] = Field(
        [], description="The ids of products; those that are sold there already stay as they are."
    )
    remove: Annotated[list[str], reference("deletes", to="products")] = Field(
        [], description="The ids of products."
    )


class SalesChannelDocument(Document[Tenant]):
    """A tenant, as a channel in which the catalogue's products are sold."""

    id: Annotated[str, From("name", channel_id)] = Field(examples=["sc_paris"])
    name: Annotated[str, From("display_name")]
    description: str | None
    is_disabled: Annotated[bool, From("state", lambda state: state != Tenant.STATE_ACTIVE)] = Field(
        description="Whether its shop is closed, or not yet open."
    )
    metadata: Annotated[dict[str, Any] | None, From("settings")] = Field(
        description="The tenant's settings."
    )
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: Annotated[Time | None, From("delete_time")]
