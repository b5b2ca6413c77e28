"""Converts listings from and to messages."""

from collections.abc import Mapping

from souk.catalog_opt_in.v1 import listing_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2

from services.catalog_opt_in.listings.rules import reasons_not_shown
from services.catalog_opt_in.listings.stored import StoredListing
from services.catalog_opt_in.models import Listing
from services.catalog_opt_in.offer_document import Offer
from services.catalog_opt_in.violations import Violations
from services.kernel.call.times import message_of
from services.kernel.data.updates import etag
from services.values import money


def to_message(
    listing: Listing | StoredListing, own: Mapping[str, int], currency: str
) -> pb.Listing:
    return pb.Listing(
        name=f"tenants/{listing.tenant_id}/listings/{listing.listing_id}",
        product=f"products/{listing.listing_id}",
        state=pb.Listing.State.Value(f"STATE_{listing.state}"),
        prices=prices(own, currency),
        visible=listing.visible,
        reasons=reasons_not_shown(
            state=listing.state, product_status=listing.product_status, priced=listing.priced
        ),
        title=listing.title,
        handle=listing.handle,
        thumbnail=listing.thumbnail,
        product_status=product_pb2.Product.Status.Value(f"STATUS_{listing.product_status}"),
        etag=etag(listing.version),
        create_time=message_of(listing.created_at),
        update_time=message_of(listing.updated_at),
    )


def prices(own: Mapping[str, int], currency: str) -> list[pb.VariantPrice]:
    """Returns a tenant's own prices as messages, from minor units by variant."""
    return [
        pb.VariantPrice(variant=variant, price=money.money(amount, currency))
        for variant, amount in own.items()
    ]


def state(requested: int, violations: Violations) -> str:
    """Reads the state that a tenant wants."""
    if requested not in pb.Listing.State.values()[1:]:
        violations.add("state", "must be LIVE or HIDDEN")
        return ""
    return "HIDDEN" if requested == pb.Listing.STATE_HIDDEN else "LIVE"


def own_prices(
    requested: pb.Listing, offer: Offer, currency: str, violations: Violations
) -> dict[str, int]:
    """Reads a tenant's own prices: minor units by variant."""
    variants = {variant["id"] for variant in offer["variants"]}
    prices_by_variant: dict[str, int] = {}
    for place, price in enumerate(requested.prices):
        field = f"prices[{place}]"
        if price.variant not in variants:
            violations.add(
                f"{field}.variant", "must be a variant of the product", "VARIANT_UNKNOWN"
            )
        elif price.variant in prices_by_variant:
            violations.add(f"{field}.variant", "must not be repeated: it already has a price")
        elif price.price.currency_code != currency:
            violations.add(
                f"{field}.price.currency_code",
                f"must be {currency}, the tenant's currency",
                "PRICE_CURRENCY_MISMATCH",
            )
        else:
            prices_by_variant[price.variant] = violations.price(price.price, f"{field}.price")
    return dict(sorted(prices_by_variant.items()))
