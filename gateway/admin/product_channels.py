"""In which sales channels products are sold, and the opt-ins that change it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from souk.catalog_opt_in.v1.catalog_service_pb2 import ListProductTenantsRequest
from souk.catalog_opt_in.v1.listing_service_pb2 import BatchChangeListingsRequest, Listing
from souk.tenant_registry.v1.tenant_pb2 import Tenant
from souk.tenant_registry.v1.tenant_registry_service_pb2 import ListVisibleTenantsRequest

from gateway.clients import Clients
from gateway.documents.sales_channel import SalesChannelDocument, tenant_name
from gateway.documents.sold_product import ChannelRef
from gateway.identity.scopes import scope_at
from gateway.medusa.values import last_id
from services.kernel.call.errors import FailedPrecondition, invalid
from services.kernel.call.limits import MOST_ROWS
from services.kernel.call.scope import Scope, bound


@dataclass(frozen=True, slots=True)
class ChannelChange:
    """A tenant that is to be opted in to a product or out of it, in the caller's scope there."""

    scope: Scope
    is_added: bool

    def request(self, product: str) -> BatchChangeListingsRequest:
        return BatchChangeListingsRequest(
            parent=f"tenants/{self.scope.tenant}",
            creates=[Listing(product=product)] if self.is_added else [],
            deletes=[] if self.is_added else [product],
            skip_done=True,
        )


async def channels_of(
    clients: Clients, head_office: str, products: Collection[str]
) -> dict[str, list[Tenant]]:
    """Returns the tenants that sell products, of those that the caller may see, by product."""
    if not products:
        return {}
    found = await clients.catalogue.ListProductTenants(ListProductTenantsRequest(products=products))
    names = sorted({tenant for row in found.rows for tenant in row.tenants})
    visible: dict[str, Tenant] = {}
    for start in range(0, len(names), MOST_ROWS):
        page = await clients.tenants.ListVisibleTenants(
            ListVisibleTenantsRequest(
                parent=f"tenants/{head_office}",
                page_size=MOST_ROWS,
                tenants=names[start : start + MOST_ROWS],
                show_deleted=True,
            )
        )
        visible |= {tenant.name: tenant for tenant in page.tenants}
    return {
        row.product: [visible[name] for name in row.tenants if name in visible]
        for row in found.rows
    }


async def channel_changes(
    request: Request,
    clients: Clients,
    channels: Sequence[ChannelRef],
    current: Collection[str],
    *,
    is_published: bool,
) -> list[ChannelChange]:
    """Returns what is to change for a product to be sold in just these channels.

    `current` are the names of the tenants that sell it. Whoever may not change one of them is
    refused here, before anything is done.

    Raises:
        InvalidArgument: FIELD_INVALID, too many channels.
        NotFound: TENANT_NOT_FOUND, no such tenant, or not for the caller.
        PermissionDenied: the caller may not opt it in.
        FailedPrecondition: PRODUCT_NOT_PUBLISHED, it would be opted in to a draft.
    """
    if len(channels) > MOST_ROWS:
        text = f"must have at most {MOST_ROWS} entries"
        raise invalid("FIELD_INVALID", {"sales_channels": text})
    selected = {tenant_name(channel.id) for channel in channels}
    changes: list[ChannelChange] = []
    for name in sorted(selected.symmetric_difference(current)):
        change = ChannelChange(await scope_at(request, last_id(name)), name in selected)
        with bound(change.scope):
            # Without rows it only checks the permission.
            await clients.listings.BatchChangeListings(BatchChangeListingsRequest(parent=name))
        changes.append(change)
    if not is_published and any(change.is_added for change in changes):
        raise FailedPrecondition(
            "PRODUCT_NOT_PUBLISHED",
            "Only a published product can be sold in another channel than the head office's.",
        )
    return changes


async def change_channels(clients: Clients, changes: Sequence[ChannelChange], product: str) -> None:
    """Opts tenants in to a product and out of it; a repeat does what is still left to do."""
    for change in changes:
        with bound(change.scope):
            await clients.listings.BatchChangeListings(change.request(product))


def channel_documents(
    channels: Mapping[str, Sequence[Tenant]],
) -> dict[str, list[dict[str, object]]]:
    """Returns the documents of products' channels, each made once however many products it has."""
    tenants = {tenant.name: tenant for sellers in channels.values() for tenant in sellers}
    documents = {name: SalesChannelDocument.to_json(tenants[name]) for name in tenants}
    return {
        product: [documents[tenant.name] for tenant in sellers]
        for product, sellers in channels.items()
    }
