"""What stock locations are linked with in Medusa: the channel, who ships, and how."""

from collections.abc import Callable, Mapping, Sequence

from souk.commerce.v1.fulfillment_set_service_pb2 import FulfillmentSet, ListFulfillmentSetsRequest
from souk.commerce.v1.stock_location_service_pb2 import StockLocation

from gateway.admin.fulfillment_providers import FULFILLMENT_PROVIDERS
from gateway.clients import Clients
from gateway.documents.sales_channel import channel_id
from gateway.documents.shipping_zones import FulfillmentSetDocument
from gateway.documents.stock_location import LinksOfLocation
from gateway.medusa.errors import not_allowed
from gateway.medusa.values import last_id
from gateway.tenancy import Tenancy
from services.kernel.call.errors import NotFound, invalid
from services.kernel.call.limits import MOST_ROWS


def check_channels(body: LinksOfLocation, *, own: str) -> None:
    """Refuses to change from where a channel sells: from all locations of its tenant.

    Raises:
        NotFound: TENANT_NOT_FOUND, not the tenant's channel.
        Refused: LOCATION_BOUND.
    """
    if others := [channel for channel in body.add if channel != own]:
        raise NotFound("TENANT_NOT_FOUND", f"No such sales channel: {others[0][:100]}")
    if own in body.remove:
        raise not_allowed(
            "LOCATION_BOUND",
            f"{own} sells from all locations of its tenant. To sell nothing from this one, set its"
            " levels to 0, or delete it.",
        )


def check_providers(body: LinksOfLocation) -> None:
    """Refuses to change who ships from a location: whoever there is.

    Raises:
        InvalidArgument: FIELD_INVALID, there is no such provider.
        Refused: LOCATION_BOUND.
    """
    known = [provider.id for provider in FULFILLMENT_PROVIDERS]
    if set(body.add) - set(known):
        raise invalid("FIELD_INVALID", {"add": f"must be {' or '.join(known)}"})
    if set(body.remove) & set(known):
        raise not_allowed(
            "LOCATION_BOUND", f"{known[0]}, the tenant's own people, ships from all locations."
        )


async def links_of(
    locations: Sequence[StockLocation],
    asks_for: Callable[[str], bool],
    clients: Clients,
    tenancy: Tenancy,
) -> Callable[[StockLocation], Mapping[str, object]]:
    """Returns what reads a location's links, as far as a client asks for them."""
    sets: Sequence[FulfillmentSet] = ()
    channels = []
    for location in locations[:1]:
        parent = location.name.partition("/stockLocations/")[0]
        if asks_for("sales_channels"):
            tenant = await tenancy.tenant(last_id(parent))
            channels = [{"id": channel_id(tenant.id), "name": tenant.display_name}]
        if asks_for("fulfillment_sets"):
            request = ListFulfillmentSetsRequest(
                parent=parent,
                page_size=MOST_ROWS,
                stock_locations=[last_id(one.name) for one in locations],
            )
            sets = (await clients.fulfillment_sets.ListFulfillmentSets(request)).fulfillment_sets
    providers = [{"id": one.id, "is_enabled": one.is_enabled} for one in FULFILLMENT_PROVIDERS]

    def links(location: StockLocation) -> Mapping[str, object]:
        own = [one for one in sets if one.stock_location_id == last_id(location.name)]
        return {
            "sales_channels": channels,
            "fulfillment_providers": providers,
            "fulfillment_sets": FulfillmentSetDocument.to_list(own),
        }

    return links
