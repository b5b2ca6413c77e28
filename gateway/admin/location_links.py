"""What stock locations are linked with in Medusa: the channel, who ships, and how."""

from collections.abc import Mapping

from gateway.admin.fulfillment_providers import FULFILLMENT_PROVIDERS
from gateway.documents.sales_channel import channel_id
from gateway.documents.stock_location import LinksOfLocation
from gateway.medusa.errors import not_allowed
from gateway.tenancy import Tenancy
from services.kernel.call.errors import NotFound, invalid
from services.kernel.call.scope import Scope


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


async def links_of(scope: Scope, tenancy: Tenancy, *, with_channels: bool) -> Mapping[str, object]:
    """Returns what each location of a tenant is linked with; the channel if it is asked for."""
    channels = []
    if with_channels:
        tenant = await tenancy.tenant(scope.tenant or "")
        channels = [{"id": channel_id(tenant.id), "name": tenant.display_name}]
    providers = [{"id": one.id, "is_enabled": one.is_enabled} for one in FULFILLMENT_PROVIDERS]
    return {"sales_channels": channels, "fulfillment_providers": providers}
