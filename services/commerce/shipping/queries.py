"""Statements about shipping. There are few rows: a tenant's are read all at once."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import (
    FulfillmentSet,
    ServiceZone,
    ShippingOption,
    ShippingProfile,
    StockLocation,
)
from services.commerce.pricing.shipping import PriceType
from services.commerce.pricing.shipping import ShippingOption as OptionRule
from services.commerce.shipping.document import fixed_json, set_json
from services.commerce.shipping.rules import Option, Profile, Shipping
from services.commerce.shipping.stored import StoredArea, StoredPrice, StoredRule

_PROFILES = select(ShippingProfile).order_by(
    ShippingProfile.create_time, ShippingProfile.profile_id
)
_SETS = select(FulfillmentSet).order_by(FulfillmentSet.create_time, FulfillmentSet.set_id)
_ZONES = select(ServiceZone).order_by(ServiceZone.create_time, ServiceZone.zone_id)
_OPTIONS = select(ShippingOption).order_by(ShippingOption.create_time, ShippingOption.option_id)


async def profiles(session: AsyncSession) -> Sequence[ShippingProfile]:
    return (await session.scalars(_PROFILES)).all()


async def fulfillment_sets(session: AsyncSession) -> Sequence[FulfillmentSet]:
    return (await session.scalars(_SETS)).all()


async def zones(session: AsyncSession) -> Sequence[ServiceZone]:
    return (await session.scalars(_ZONES)).all()


async def options(session: AsyncSession) -> Sequence[ShippingOption]:
    return (await session.scalars(_OPTIONS)).all()


async def shipping(session: AsyncSession) -> Shipping:
    """Reads what the tenant has set up, for carts."""
    rows = await options(session)
    found = [Profile(row.profile_id, row.type) for row in await profiles(session)]
    if not rows:
        return Shipping(found)
    zone_by_id = {zone.zone_id: zone for zone in await zones(session)}
    set_by_id = {one.set_id: one for one in await fulfillment_sets(session)}
    location_by_id = {one.location_id: one for one in await session.scalars(select(StockLocation))}
    options_found = []
    for row in rows:
        zone = zone_by_id[row.zone_id]
        of_zone = set_by_id[zone.set_id]
        location = location_by_id.get(of_zone.location_id or "")
        options_found.append(_option(row, zone, of_zone, location))
    return Shipping(found, options_found)


def _option(
    row: ShippingOption,
    zone: ServiceZone,
    of_zone: FulfillmentSet,
    location: StockLocation | None,
) -> Option:
    rules = [StoredRule.model_validate(rule) for rule in row.rules]
    prices = [StoredPrice.model_validate(price) for price in row.prices]
    rule = OptionRule(
        row.option_id,
        row.profile_id,
        PriceType(row.price_type),
        tuple(StoredArea.model_validate(area).area for area in zone.areas),
        tuple(price.price for price in prices),
        tuple(rule.condition for rule in rules),
    )
    document = fixed_json(row, zone, set_json(of_zone, location), rules, prices)
    return Option(rule, row.name, document, of_zone.location_id)
