"""Reads of listings, and what they derive from their products."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in import models
from services.catalog_opt_in.folding import search_text, sort_key
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.listings import documents, rules
from services.catalog_opt_in.listings.costs import ListPrice
from services.catalog_opt_in.models import (
    Listing,
    ListingPrice,
    PriceList,
    PriceListPrice,
    TenantCatalogue,
)
from services.catalog_opt_in.offer_document import Offer
from services.kernel.data.arrays import among

ORDERS: dict[str, Any] = {
    "created_at": Listing.created_at,
    "updated_at": Listing.updated_at,
    "title": Listing.title_key,
    "handle": Listing.handle,
}


FilterTable = models.ListingCategory | models.ListingTag
KEYS: Mapping[type[FilterTable], str] = {
    models.ListingCategory: "category_id",
    models.ListingTag: "tag_id",
}
"""What a listing is found by besides its own columns: tables, and their key columns."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a tenant chose for its listing of a product: its state, and its own prices.

    Prices are in minor units of the tenant's currency, by variant; `lists` are those of price lists
    that are in force for everybody.
    """

    offer: Offer
    state: str
    own: Mapping[str, int]
    lists: Sequence[ListPrice] = ()


async def get(session: AsyncSession, listing_id: str) -> Listing | None:
    """Reads a listing of the scope's tenant, also through the platform's door."""
    found: Listing | None = await session.scalar(
        select(Listing).where(own_rows(Listing), Listing.listing_id == listing_id)
    )
    return found


def with_state(*, state: str) -> Select[Listing]:
    statement = select(Listing)
    return statement.where(Listing.state == state) if state else statement


async def count(session: AsyncSession, statement: Select[Listing]) -> int:
    ids = statement.with_only_columns(Listing.listing_id)
    return await session.scalar(select(func.count()).select_from(ids.subquery())) or 0


async def own_prices(
    session: AsyncSession, listing_ids: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Reads the tenant's own prices, in minor units by listing and variant."""
    rows = await session.scalars(
        select(ListingPrice)
        .where(among(ListingPrice.listing_id, listing_ids))
        .order_by(ListingPrice.variant_id)
    )
    prices: dict[str, dict[str, int]] = {listing_id: {} for listing_id in listing_ids}
    for row in rows:
        prices[row.listing_id][row.variant_id] = row.amount_minor
    return prices


async def prices_in_force(
    session: AsyncSession, listing_ids: Sequence[str]
) -> dict[tuple[str, str], list[ListPrice]]:
    """Reads the prices that all shoppers see now, by listing and tenant.

    Those of all tenants through the platform's door, else of the tenant's own.
    """
    now = datetime.now(UTC)
    # Joins from tenants to prices by key, so that no index has to lead with the product.
    rows = await session.execute(
        select(
            PriceListPrice.listing_id,
            PriceListPrice.tenant_id,
            PriceListPrice.variant_id,
            PriceListPrice.price_list_id,
            PriceList.type,
            PriceListPrice.currency,
            PriceListPrice.amount_minor,
            PriceListPrice.min_quantity,
            PriceListPrice.max_quantity,
        )
        .join(TenantCatalogue, TenantCatalogue.tenant_id == PriceListPrice.tenant_id)
        .join(
            PriceList,
            (PriceList.tenant_id == PriceListPrice.tenant_id)
            & (PriceList.price_list_id == PriceListPrice.price_list_id),
        )
        .where(
            among(PriceListPrice.listing_id, listing_ids),
            PriceList.status == "ACTIVE",
            PriceList.group_ids == [],
            or_(PriceList.starts_at.is_(None), PriceList.starts_at <= now),
            or_(PriceList.ends_at.is_(None), PriceList.ends_at > now),
        )
    )
    found: defaultdict[tuple[str, str], list[ListPrice]] = defaultdict(list)
    for listing_id, tenant_id, *price in rows.tuples():
        found[listing_id, tenant_id].append(ListPrice._make((*price, False)))
    return found


def derived_columns(choice: Choice, *, currency: str) -> dict[str, Any]:
    """Computes the columns of a listing that derive from the offer and the tenant's choice."""
    offer = choice.offer
    collection, kind = offer["collection"], offer["type"]
    costs = rules.costs(offer, choice.own, currency, lists=choice.lists)
    gate: Any = {
        "state": choice.state,
        "product_status": offer["status"],
        "priced": bool(costs),
    }
    return {
        **gate,
        "visible": not rules.reasons_not_shown(**gate),
        "title": offer["title"],
        "title_key": sort_key(offer["title"]),
        "handle": offer["handle"],
        "thumbnail": rules.thumbnail(offer),
        "search": search_text(offer["title"], offer["subtitle"], offer["handle"]),
        "collection_id": collection["id"] if collection else None,
        "type_id": kind["id"] if kind else None,
        "lowest_minor": min((cost.amount for cost in costs.values()), default=None),
        "is_giftcard": offer["is_giftcard"],
        "own_document": documents.of_listing(
            offer, own=choice.own, currency=currency, lists=choice.lists
        ),
        "document": None,
        "format": offer["format"],
        "offered_at": datetime.fromisoformat(offer["created_at"]),
    }


def places(offers: Iterable[Offer]) -> dict[type[FilterTable], list[tuple[str, str]]]:
    """Lists the categories, and those above them, and the tags of products, as pairs of ids."""
    categories, tags = [], []
    for offer in offers:
        of_offer = {
            id_ for category in offer["categories"] for id_ in (category["id"], *category["above"])
        }
        categories += [(offer["id"], id_) for id_ in sorted(of_offer)]
        tags += [(offer["id"], id_) for id_ in sorted(tag["id"] for tag in offer["tags"])]
    return {models.ListingCategory: categories, models.ListingTag: tags}
