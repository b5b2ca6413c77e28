"""All statements on listings and on the tenant catalogues they form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.catalog_opt_in import models, offer_document
from services.catalog_opt_in.folding import search_text, sort_key
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.listings import rules
from services.catalog_opt_in.models import Listing, ListingPrice, TenantCatalogue
from services.catalog_opt_in.offer_document import Offer
from services.values.money import json_number

ORDERS: dict[str, Any] = {
    "created_at": Listing.created_at,
    "updated_at": Listing.updated_at,
    "title": Listing.title_key,
    "handle": Listing.handle,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a listing is found by: a table, its key column there, and the ids."""

    table: type[models.ListingCategory] | type[models.ListingTag]
    key: InstrumentedAttribute[str]
    ids: list[str]


async def offer(session: AsyncSession, product_id: str) -> Offer | None:
    """Reads the head office's offer of a product, whatever its status."""
    text = await session.scalar(
        select(models.Offer.document).where(models.Offer.product_id == product_id)
    )
    return None if text is None else offer_document.parse(text)


async def one(session: AsyncSession, listing_id: str, *, lock: bool = False) -> Listing | None:
    """Reads a listing of the scope's tenant, also through the platform's door.

    `lock` locks it.
    """
    statement = select(Listing).where(own_rows(Listing), Listing.listing_id == listing_id)
    return await session.scalar(statement.with_for_update() if lock else statement)


def matching(*, state: str) -> Select[Listing]:
    wanted = select(Listing)
    return wanted.where(Listing.state == state) if state else wanted


async def count(session: AsyncSession, wanted: Select[Listing]) -> int:
    inner = wanted.with_only_columns(Listing.listing_id)
    return await session.scalar(select(func.count()).select_from(inner.subquery())) or 0


async def own_prices(
    session: AsyncSession, listing_ids: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Reads the tenant's own prices, in minor units by listing and variant."""
    rows = await session.scalars(
        select(ListingPrice)
        .where(ListingPrice.listing_id.in_(listing_ids))
        .order_by(ListingPrice.variant_id)
    )
    found: dict[str, dict[str, int]] = {listing_id: {} for listing_id in listing_ids}
    for row in rows:
        found[row.listing_id][row.variant_id] = row.amount_minor
    return found


def market(currency: str) -> rules.Market:
    return rules.Market(currency, lambda minor: orjson.Fragment(json_number(minor, currency)))


def derived_columns(
    offer: Offer, *, own: Mapping[str, int], currency: str, state: str, now: datetime
) -> dict[str, Any]:
    """Computes the columns of a listing that derive from the offer and the tenant's choices."""
    collection, kind = offer["collection"], offer["type"]
    gate: Any = {
        "state": state,
        "product_status": offer["status"],
        "priced": bool(rules.amounts(offer, own, currency)),
    }
    document = rules.document(offer, own=own, market=market(currency), updated_at=now)
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
        "document": orjson.dumps(document),
        "format": offer["format"],
        "offered_at": datetime.fromisoformat(offer["created_at"]),
        "updated_at": now,
    }


async def create(
    session: AsyncSession,
    offer: Offer,
    *,
    own: Mapping[str, int],
    currency: str,
    state: str,
    now: datetime,
) -> Listing | None:
    """Opts the scope's tenant in to a product; None if it is already opted in."""
    columns = derived_columns(offer, own=own, currency=currency, state=state, now=now)
    listing: Listing | None = await session.scalar(
        upsert(Listing)
        .values(listing_id=offer["id"], version=1, created_at=now, **columns)
        .on_conflict_do_nothing(index_elements=["tenant_id", "listing_id"])
        .returning(Listing)
    )
    if listing is None:
        return None
    await _insert_prices(session, offer["id"], own)
    for filter_ in filters(offer):
        if rows := [{"listing_id": offer["id"], filter_.key.key: id_} for id_ in filter_.ids]:
            await session.execute(insert(filter_.table), rows)
    await raise_catalogue(session, currency, shown=int(listing.visible))
    return listing


async def change(
    session: AsyncSession,
    listing: Listing,
    offer: Offer,
    *,
    own: Mapping[str, int],
    currency: str,
    state: str,
    now: datetime,
) -> Listing:
    """Changes the prices or the state of a listing."""
    was_visible = listing.visible
    for column, value in derived_columns(
        offer, own=own, currency=currency, state=state, now=now
    ).items():
        setattr(listing, column, value)
    listing.version += 1
    await session.flush()
    await session.execute(delete(ListingPrice).where(ListingPrice.listing_id == listing.listing_id))
    await _insert_prices(session, listing.listing_id, own)
    await raise_catalogue(session, currency, shown=int(listing.visible) - int(was_visible))
    return listing


async def remove(session: AsyncSession, listing: Listing, *, currency: str) -> None:
    """Opts the scope's tenant out, with the listing's prices and places."""
    await session.delete(listing)
    await session.flush()
    await raise_catalogue(session, currency, shown=-int(listing.visible))


async def raise_catalogue(session: AsyncSession, currency: str, *, shown: int) -> None:
    """Raises the catalogue version of the scope's tenant; `shown` more products are visible."""
    # The first row of a shop starts at `shown`; the table refuses negative counts.
    first = max(shown, 0)
    statement = upsert(TenantCatalogue).values(currency=currency, version=1, visible_count=first)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id"],
            set_={
                "version": TenantCatalogue.version + 1,
                "visible_count": TenantCatalogue.visible_count + shown,
            },
        )
    )


def filters(offer: Offer) -> list[Filter]:
    """Lists what a listing is found by besides its own columns."""
    categories = {id_ for shelf in offer["categories"] for id_ in (shelf["id"], *shelf["above"])}
    tags = [tag["id"] for tag in offer["tags"]]
    return [
        Filter(models.ListingCategory, models.Category.category_id, sorted(categories)),
        Filter(models.ListingTag, models.Tag.tag_id, sorted(tags)),
    ]


async def _insert_prices(session: AsyncSession, listing_id: str, own: Mapping[str, int]) -> None:
    rows = [
        {"listing_id": listing_id, "variant_id": variant, "amount_minor": amount}
        for variant, amount in own.items()
    ]
    if rows:
        await session.execute(insert(ListingPrice), rows)
