"""Applies changes by the head office to the listings of all opted-in tenants.

Set-based: tenants with the same currency, state and prices are written by one UPDATE; those without
prices of their own only in the columns that they are sorted and found by, since the document is
their market's. The caller must hold the products (see head_office.py), so that no listing comes,
goes or changes meanwhile.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, cast

from souk.catalog_opt_in.v1 import listing_service_pb2 as pb
from sqlalchemy import (
    Table,
    Text,
    Update,
    any_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.listings import messages, queries
from services.catalog_opt_in.listings.costs import ListPrice
from services.catalog_opt_in.models import Listing, ListingPrice, TenantCatalogue
from services.catalog_opt_in.models.listings import next_version
from services.catalog_opt_in.offer_document import Offer
from services.kernel.data.arrays import among
from services.kernel.evidence import audit

OwnPrices = Mapping[tuple[str, str], Mapping[str, int]]
"""Tenants' own prices in minor units by variant, by product and tenant."""
ListPrices = Mapping[tuple[str, str], Sequence[ListPrice]]
"""Prices of tenants' price lists, by product and tenant."""


class Group(NamedTuple):
    """What listings share to which the same is written."""

    product: str
    currency: str
    state: str
    own: tuple[tuple[str, int], ...]
    lists: tuple[ListPrice, ...]


@dataclass(frozen=True, slots=True)
class TenantListing:
    """One tenant's listing of a product."""

    tenant: str
    group: Group
    visible: bool


class LostPrice(NamedTuple):
    """A tenant's own price, in minor units, of a variant that was removed."""

    product: str
    tenant: str
    currency: str
    variant: str
    amount_minor: int


async def tenants_listing(
    session: AsyncSession, product_ids: Sequence[str]
) -> dict[str, list[str]]:
    """Returns the tenants that are opted in to products, by product."""
    tenants: defaultdict[str, list[str]] = defaultdict(list)
    for listing in await _listings_of(session, product_ids, own={}, lists={}):
        tenants[listing.group.product].append(listing.tenant)
    return tenants


async def refresh(session: AsyncSession, offers: Sequence[Offer], *, now: datetime) -> None:
    """Updates all listings of these products to their current offers."""
    if not offers:
        return
    lost = await _delete_prices_of_removed_variants(session, offers)
    own = await _own_prices(session, [offer["id"] for offer in offers])
    _record_lost_prices(session, lost, own)
    await _count_visible(session, await _rewrite(session, offers, own, changed_at=now))


async def rerender(session: AsyncSession, offer: Offer) -> None:
    """Rewrites all listings of a product in the current format.

    That is no change by anybody, so their versions and times of change stay.
    """
    own = await _own_prices(session, [offer["id"]])
    await _count_visible(session, await _rewrite(session, [offer], own, changed_at=None))


async def raise_catalogues(session: AsyncSession, product_ids: Sequence[str]) -> None:
    """Tells caches that shops show otherwise something of products that no listing stores."""
    listings = await _listings_of(session, product_ids, own={}, lists={})
    await _count_visible(session, {listing.tenant: 0 for listing in listings})


async def _listings_of(
    session: AsyncSession, product_ids: Sequence[str], *, own: OwnPrices, lists: ListPrices
) -> list[TenantListing]:
    # Joins from tenants to listings by key, so that no index has to lead with the product.
    rows = await session.execute(
        select(
            Listing.listing_id,
            Listing.tenant_id,
            TenantCatalogue.currency,
            Listing.state,
            Listing.visible,
        )
        .join(TenantCatalogue, TenantCatalogue.tenant_id == Listing.tenant_id)
        .where(among(Listing.listing_id, product_ids))
    )
    return [
        TenantListing(
            tenant,
            Group(
                product,
                currency,
                state,
                tuple(sorted(own.get((product, tenant), {}).items())),
                tuple(sorted(lists.get((product, tenant), ()))),
            ),
            visible,
        )
        for product, tenant, currency, state, visible in rows.tuples()
    ]


async def _own_prices(session: AsyncSession, product_ids: Sequence[str]) -> OwnPrices:
    """Reads all tenants' own prices of products."""
    rows = await session.execute(
        select(
            ListingPrice.listing_id,
            ListingPrice.tenant_id,
            ListingPrice.variant_id,
            ListingPrice.amount_minor,
        )
        .join(TenantCatalogue, TenantCatalogue.tenant_id == ListingPrice.tenant_id)
        .where(among(ListingPrice.listing_id, product_ids))
    )
    prices: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for product, tenant, variant, amount in rows.tuples():
        prices[product, tenant][variant] = amount
    return prices


async def _delete_prices_of_removed_variants(
    session: AsyncSession, offers: Sequence[Offer]
) -> list[LostPrice]:
    # No two products have a variant in common: those of all offers can be compared at once.
    variant_ids = [variant["id"] for offer in offers for variant in offer["variants"]]
    rows = await session.execute(
        delete(ListingPrice)
        .where(
            ListingPrice.tenant_id == TenantCatalogue.tenant_id,
            among(ListingPrice.listing_id, [offer["id"] for offer in offers]),
            ~among(ListingPrice.variant_id, variant_ids),
        )
        .returning(
            ListingPrice.listing_id,
            ListingPrice.tenant_id,
            TenantCatalogue.currency,
            ListingPrice.variant_id,
            ListingPrice.amount_minor,
        )
        .execution_options(synchronize_session=False)
    )
    return [LostPrice(*row) for row in rows]


def _record_lost_prices(session: AsyncSession, lost: list[LostPrice], own: OwnPrices) -> None:
    """Records an event for each listing that lost own prices through the head office's act."""
    of_listing = itemgetter(0, 1, 2)
    for (product, tenant, currency), prices in groupby(sorted(lost), key=of_listing):
        remaining = dict(own.get((product, tenant), {}))
        before = remaining | {price.variant: price.amount_minor for price in prices}
        audit.record(
            session,
            resource=f"tenants/{tenant}/listings/{product}",
            before=pb.Listing(prices=messages.prices(before, currency)),
            after=pb.Listing(prices=messages.prices(remaining, currency)),
            tenant=tenant,
        )


async def _rewrite(
    session: AsyncSession,
    offers: Sequence[Offer],
    own: OwnPrices,
    *,
    changed_at: datetime | None,
) -> dict[str, int]:
    """Writes what all listings of products derive from their offers.

    It is a change of theirs, with a new version, unless `changed_at` is None. Returns how many more
    products each tenant shows.
    """
    by_id = {offer["id"]: offer for offer in offers}
    groups: defaultdict[Group, list[str]] = defaultdict(list)
    more_visible: defaultdict[str, int] = defaultdict(int)
    lists = await queries.prices_in_force(session, list(by_id))
    for listing in await _listings_of(session, list(by_id), own=own, lists=lists):
        groups[listing.group].append(listing.tenant)
        more_visible[listing.tenant] -= listing.visible
    rows = []
    for group, tenants in groups.items():
        choice = queries.Choice(
            by_id[group.product], group.state, dict(group.own), lists=group.lists
        )
        columns = queries.derived_columns(choice, currency=group.currency)
        rows.append({"of_product": group.product, "of_tenants": tenants, **columns})
        for tenant in tenants:
            more_visible[tenant] += columns["visible"]
    if rows:
        await session.execute(_update_of_groups(list(columns), changed_at), rows)
        await _replace_filters(session, offers, list(more_visible))
    return more_visible


def _update_of_groups(columns: Sequence[str], changed_at: datetime | None) -> Update:
    values: dict[str, Any] = {column: bindparam(column) for column in columns}
    if changed_at is not None:
        values |= {"updated_at": changed_at, "version": Listing.version + 1}
    # Of the table, not of the class, which has a way of its own to update many rows.
    return (
        update(cast(Table, Listing.__table__))
        .where(
            Listing.tenant_id == any_(bindparam("of_tenants", type_=ARRAY(Text))),
            Listing.listing_id == bindparam("of_product"),
        )
        .values(values)
    )


async def _replace_filters(
    session: AsyncSession, offers: Sequence[Offer], tenants: Sequence[str]
) -> None:
    """Updates what listings are found by; writes only what has changed."""
    product_ids = [offer["id"] for offer in offers]
    for table, places in queries.places(offers).items():
        key = queries.KEYS[table]
        pairs = func.unnest(
            literal([product for product, _ in places], ARRAY(Text)),
            literal([id_ for _, id_ in places], ARRAY(Text)),
        )
        current = pairs.table_valued("listing_id", "key").render_derived()
        still_there = exists().where(
            current.c.listing_id == table.listing_id, current.c.key == table.__table__.c[key]
        )
        await session.execute(
            delete(table)
            .where(
                among(table.tenant_id, tenants), among(table.listing_id, product_ids), ~still_there
            )
            .execution_options(synchronize_session=False)
        )
        rows = (
            select(Listing.tenant_id, Listing.listing_id, current.c.key)
            .join(current, current.c.listing_id == Listing.listing_id)
            .where(among(Listing.tenant_id, tenants), among(Listing.listing_id, product_ids))
        )
        await session.execute(
            upsert(table)
            .from_select(["tenant_id", "listing_id", key], rows)
            .on_conflict_do_nothing()
        )


async def _count_visible(session: AsyncSession, more_visible: Mapping[str, int]) -> None:
    """Gives catalogues a new version, and counts what they show."""
    by_change: defaultdict[int, list[str]] = defaultdict(list)
    for tenant, change in more_visible.items():
        by_change[change].append(tenant)
    for change, tenants in by_change.items():
        await session.execute(
            update(TenantCatalogue)
            .where(among(TenantCatalogue.tenant_id, tenants))
            .values(
                version=next_version(),
                visible_count=TenantCatalogue.visible_count + change,
            )
            .execution_options(synchronize_session=False)
        )
