"""Applies a change by the head office to the listings of all opted-in tenants.

Set-based: tenants with the same currency, state and prices share a document, which is rendered and
sent once, and written by one UPDATE. The caller must hold the products (see head_office.py), so
that no listing comes, goes or changes meanwhile.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import orjson
from souk.catalog_opt_in.v1 import listing_service_pb2 as pb
from sqlalchemy import ColumnElement, Text, any_, delete, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.catalog_opt_in import models
from services.catalog_opt_in.listings import messages, queries
from services.catalog_opt_in.models import Listing, ListingPrice, TenantCatalogue
from services.catalog_opt_in.offer_document import Offer
from services.kernel.evidence import audit


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """What listings of a product share if they have the same document."""

    currency: str
    state: str
    own: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class TenantListing:
    """One tenant's listing of the product."""

    tenant: str
    key: DocumentKey
    visible: bool
    updated_at: datetime


class LostPrice(NamedTuple):
    """A tenant's own price, in minor units, of a variant that was removed."""

    tenant: str
    currency: str
    variant: str
    amount_minor: int


async def publish(session: AsyncSession, offer: Offer, version: int) -> None:
    """Stores an offer that tenants may opt in to."""
    values = {
        "status": offer["status"],
        "version": version,
        "document": orjson.dumps(offer).decode(),
    }
    statement = upsert(models.Offer).values(product_id=offer["id"], **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["product_id"], set_=values)
    )


async def withdraw(session: AsyncSession, product_id: str) -> None:
    await session.execute(delete(models.Offer).where(models.Offer.product_id == product_id))


async def tenants_listing(session: AsyncSession, product_id: str) -> list[str]:
    """Returns the tenants that are opted in to a product."""
    return [listed.tenant for listed in await _listings_of_product(session, product_id, own={})]


async def refresh(session: AsyncSession, offers: Iterable[Offer], *, now: datetime) -> None:
    """Updates all listings of these products to their current offers."""
    more_visible: defaultdict[str, int] = defaultdict(int)
    for offer in offers:
        lost = await _delete_prices_of_removed_variants(session, offer)
        own = await _own_prices_by_tenant(session, offer["id"])
        _record_lost_prices(session, offer, lost, own)
        groups: defaultdict[DocumentKey, list[TenantListing]] = defaultdict(list)
        for listed in await _listings_of_product(session, offer["id"], own=own):
            groups[listed.key].append(listed)
        for key, group in groups.items():
            changes = await _rewrite(session, offer, key, group, updated_at=now, versions=1)
            for tenant, change in changes.items():
                more_visible[tenant] += change
    await _raise_catalogues(session, more_visible)


async def rerender(session: AsyncSession, offer: Offer) -> None:
    """Rewrites all listings of a product in the current format.

    That is no change by anybody, so their versions and times of change stay.
    """
    more_visible: dict[str, int] = {}
    own = await _own_prices_by_tenant(session, offer["id"])
    groups: defaultdict[tuple[DocumentKey, datetime], list[TenantListing]] = defaultdict(list)
    for listed in await _listings_of_product(session, offer["id"], own=own):
        groups[listed.key, listed.updated_at].append(listed)
    for (key, updated_at), group in groups.items():
        more_visible |= await _rewrite(
            session, offer, key, group, updated_at=updated_at, versions=0
        )
    await _raise_catalogues(session, more_visible)


async def _listings_of_product(
    session: AsyncSession, product_id: str, *, own: dict[str, dict[str, int]]
) -> list[TenantListing]:
    # Joins from tenants to listings by key, so that no index has to lead with the product.
    rows = await session.execute(
        select(
            Listing.tenant_id,
            TenantCatalogue.currency,
            Listing.state,
            Listing.visible,
            Listing.updated_at,
        )
        .join(TenantCatalogue, TenantCatalogue.tenant_id == Listing.tenant_id)
        .where(Listing.listing_id == product_id)
    )
    return [
        TenantListing(
            tenant,
            DocumentKey(currency, state, tuple(sorted(own.get(tenant, {}).items()))),
            visible,
            updated_at,
        )
        for tenant, currency, state, visible, updated_at in rows
    ]


async def _own_prices_by_tenant(
    session: AsyncSession, product_id: str
) -> dict[str, dict[str, int]]:
    """Reads all tenants' own prices of a product, in minor units by tenant and variant."""
    rows = await session.execute(
        select(ListingPrice.tenant_id, ListingPrice.variant_id, ListingPrice.amount_minor)
        .join(TenantCatalogue, TenantCatalogue.tenant_id == ListingPrice.tenant_id)
        .where(ListingPrice.listing_id == product_id)
    )
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for tenant, variant, amount in rows:
        found[tenant][variant] = amount
    return found


async def _delete_prices_of_removed_variants(
    session: AsyncSession, offer: Offer
) -> list[LostPrice]:
    kept = [variant["id"] for variant in offer["variants"]]
    rows = await session.execute(
        delete(ListingPrice)
        .where(
            ListingPrice.tenant_id == TenantCatalogue.tenant_id,
            ListingPrice.listing_id == offer["id"],
            ListingPrice.variant_id.not_in(kept),
        )
        .returning(
            ListingPrice.tenant_id,
            TenantCatalogue.currency,
            ListingPrice.variant_id,
            ListingPrice.amount_minor,
        )
        .execution_options(synchronize_session=False)
    )
    return [LostPrice(*row) for row in rows]


def _record_lost_prices(
    session: AsyncSession, offer: Offer, lost: list[LostPrice], own: dict[str, dict[str, int]]
) -> None:
    """Records an event for each tenant that lost own prices through the head office's act."""
    for (tenant, currency), prices in groupby(sorted(lost), key=lambda p: (p.tenant, p.currency)):
        kept = own.get(tenant, {})
        before = kept | {price.variant: price.amount_minor for price in prices}
        audit.record(
            session,
            resource=f"tenants/{tenant}/listings/{offer['id']}",
            before=pb.Listing(prices=messages.prices(before, currency)),
            after=pb.Listing(prices=messages.prices(kept, currency)),
            tenant=tenant,
        )


async def _rewrite(
    session: AsyncSession,
    offer: Offer,
    key: DocumentKey,
    group: list[TenantListing],
    *,
    updated_at: datetime,
    versions: int,
) -> dict[str, int]:
    """Writes one document for a group of listings, and raises each version by `versions`.

    Returns how many more products each tenant shows: 1, 0 or -1.
    """
    tenants = [listed.tenant for listed in group]
    columns = queries.derived_columns(
        offer, own=dict(key.own), currency=key.currency, state=key.state, now=updated_at
    )
    await session.execute(
        update(Listing)
        .where(_among(Listing.tenant_id, tenants), Listing.listing_id == offer["id"])
        .values(version=Listing.version + versions, **columns)
        .execution_options(synchronize_session=False)
    )
    await _replace_filters(session, offer, tenants)
    return {listed.tenant: int(columns["visible"]) - int(listed.visible) for listed in group}


async def _replace_filters(session: AsyncSession, offer: Offer, tenants: list[str]) -> None:
    """Updates what listings are found by; writes only what has changed."""
    for filter_ in queries.filters(offer):
        table, key = filter_.table, filter_.table.__table__.c[filter_.key.key]
        await session.execute(
            delete(table).where(
                _among(table.tenant_id, tenants),
                table.listing_id == offer["id"],
                key.not_in(filter_.ids),
            )
        )
        wanted = (
            select(Listing.tenant_id, Listing.listing_id, filter_.key)
            .join(filter_.key.class_, filter_.key.in_(filter_.ids))
            .where(_among(Listing.tenant_id, tenants), Listing.listing_id == offer["id"])
        )
        await session.execute(
            upsert(table)
            .from_select(["tenant_id", "listing_id", filter_.key.key], wanted)
            .on_conflict_do_nothing()
        )


async def _raise_catalogues(session: AsyncSession, more_visible: Mapping[str, int]) -> None:
    by_change: defaultdict[int, list[str]] = defaultdict(list)
    for tenant, change in more_visible.items():
        by_change[change].append(tenant)
    for change, tenants in by_change.items():
        await session.execute(
            update(TenantCatalogue)
            .where(_among(TenantCatalogue.tenant_id, tenants))
            .values(
                version=TenantCatalogue.version + 1,
                visible_count=TenantCatalogue.visible_count + change,
            )
            .execution_options(synchronize_session=False)
        )


def _among(column: InstrumentedAttribute[str], tenants: list[str]) -> ColumnElement[bool]:
    """Compares with one array parameter: the same prepared statement for any number of tenants."""
    return column == any_(literal(tenants, ARRAY(Text)))
