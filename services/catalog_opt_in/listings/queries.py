"""All statements on listings and on the tenant catalogues they form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in import models, offer_document
from services.catalog_opt_in.folding import search_text, sort_key
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.listings import documents, rules
from services.catalog_opt_in.models import Listing, ListingPrice, TenantCatalogue
from services.catalog_opt_in.models.listings import first_version, next_version
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

    Prices are in minor units of the tenant's currency, by variant.
    """

    offer: Offer
    state: str
    own: Mapping[str, int]


async def offers(session: AsyncSession, product_ids: Sequence[str]) -> dict[str, Offer]:
    """Reads the head office's offers of products, whatever their status, by product."""
    rows = await session.execute(
        select(models.Offer.product_id, models.Offer.document).where(
            among(models.Offer.product_id, product_ids)
        )
    )
    return {product_id: offer_document.parse(text) for product_id, text in rows.tuples()}


async def get(session: AsyncSession, listing_id: str, *, lock: bool = False) -> Listing | None:
    """Reads a listing of the scope's tenant, also through the platform's door.

    `lock` locks it.
    """
    return (await get_many(session, [listing_id], lock=lock)).get(listing_id)


async def get_many(
    session: AsyncSession, listing_ids: Sequence[str], *, lock: bool = False
) -> dict[str, Listing]:
    """Reads listings of the scope's tenant, by id; locks them in the order of their ids."""
    statement = (
        select(Listing)
        .where(own_rows(Listing), among(Listing.listing_id, listing_ids))
        .order_by(Listing.listing_id)
    )
    rows = await session.scalars(statement.with_for_update() if lock else statement)
    return {row.listing_id: row for row in rows}


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


def derived_columns(choice: Choice, *, currency: str) -> dict[str, Any]:
    """Computes the columns of a listing that derive from the offer and the tenant's choice."""
    offer = choice.offer
    collection, kind = offer["collection"], offer["type"]
    amounts = rules.amounts(offer, choice.own, currency)
    gate: Any = {
        "state": choice.state,
        "product_status": offer["status"],
        "priced": bool(amounts),
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
        "lowest_minor": min(amounts.values(), default=None),
        "own_document": documents.of_listing(offer, own=choice.own, currency=currency),
        "document": None,
        "format": offer["format"],
        "offered_at": datetime.fromisoformat(offer["created_at"]),
    }


async def create(
    session: AsyncSession, choices: Sequence[Choice], *, currency: str, now: datetime
) -> list[Listing]:
    """Opts the scope's tenant in to products.

    Returns the new listings in the order of the choices; not those that were there already.
    """
    rows = [
        {
            "listing_id": choice.offer["id"],
            "version": 1,
            "created_at": now,
            "updated_at": now,
            **derived_columns(choice, currency=currency),
        }
        # In one order, as rows are locked: two batches with the same products would deadlock.
        for choice in sorted(choices, key=lambda choice: choice.offer["id"])
    ]
    inserted = await session.scalars(
        upsert(Listing)
        .on_conflict_do_nothing(index_elements=["tenant_id", "listing_id"])
        .returning(Listing),
        rows,
    )
    by_id = {listing.listing_id: listing for listing in inserted}
    new = [choice for choice in choices if choice.offer["id"] in by_id]
    if new:
        await _insert_prices(session, new)
        await _insert_filters(session, [choice.offer for choice in new])
        more_visible = sum(listing.visible for listing in by_id.values())
        await raise_catalogue(session, currency, more_visible=more_visible)
    return [by_id[choice.offer["id"]] for choice in new]


async def change(
    session: AsyncSession,
    listings: Mapping[str, Listing],
    choices: Sequence[Choice],
    *,
    currency: str,
    now: datetime,
) -> None:
    """Gives listings, found by id, new prices or states."""
    more_visible = 0
    for choice in choices:
        listing = listings[choice.offer["id"]]
        more_visible -= listing.visible
        columns = derived_columns(choice, currency=currency)
        for column, value in {**columns, "updated_at": now}.items():
            setattr(listing, column, value)
        listing.version += 1
        more_visible += listing.visible
    await session.flush()
    changed = [choice.offer["id"] for choice in choices]
    await session.execute(delete(ListingPrice).where(among(ListingPrice.listing_id, changed)))
    await _insert_prices(session, choices)
    await raise_catalogue(session, currency, more_visible=more_visible)


async def remove(session: AsyncSession, listings: Sequence[Listing], *, currency: str) -> None:
    """Opts the scope's tenant out, with the listings' prices and places."""
    removed = [listing.listing_id for listing in listings]
    # Written before the catalogue's row, the last lock in the order that head_office.py states.
    await session.execute(
        delete(Listing).where(own_rows(Listing), among(Listing.listing_id, removed))
    )
    more_visible = -sum(listing.visible for listing in listings)
    await raise_catalogue(session, currency, more_visible=more_visible)


async def raise_catalogue(session: AsyncSession, currency: str, *, more_visible: int) -> None:
    """Raises the catalogue version of the scope's tenant, and its count of visible products."""
    # The first row of a shop starts at `more_visible`; the table refuses negative counts.
    first = max(more_visible, 0)
    statement = upsert(TenantCatalogue).values(
        currency=currency, version=first_version(), visible_count=first
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id"],
            set_={
                "version": next_version(),
                "visible_count": TenantCatalogue.visible_count + more_visible,
            },
        )
    )


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


async def _insert_prices(session: AsyncSession, choices: Iterable[Choice]) -> None:
    rows = [
        {"listing_id": choice.offer["id"], "variant_id": variant, "amount_minor": amount}
        for choice in choices
        for variant, amount in choice.own.items()
    ]
    if rows:
        await session.execute(insert(ListingPrice), rows)


async def _insert_filters(session: AsyncSession, offers: Iterable[Offer]) -> None:
    for table, pairs in places(offers).items():
        if rows := [{"listing_id": product, KEYS[table]: id_} for product, id_ in pairs]:
            await session.execute(insert(table), rows)
