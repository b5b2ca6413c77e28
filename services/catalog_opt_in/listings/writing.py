"""What opt-ins, changes of listings and opt-outs read and write: any number in a few round trips.

Every statement takes the tenant as `$1`; see `services.kernel.data.acts`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from services.catalog_opt_in import offer_document
from services.catalog_opt_in.listings.costs import ListPrice
from services.catalog_opt_in.listings.queries import Choice, derived_columns, places
from services.catalog_opt_in.listings.stored import COLUMNS, StoredListing, visible
from services.catalog_opt_in.models import ListingCategory, ListingTag
from services.catalog_opt_in.models.listings import first_version
from services.catalog_opt_in.offer_document import Offer
from services.kernel.data.acts import Act

_DERIVED = (
    *("state", "product_status", "priced", "visible", "title", "title_key", "handle", "thumbnail"),
    *("search", "collection_id", "type_id", "lowest_minor", "own_document", "document", "format"),
    *("is_giftcard", "offered_at"),
)
_WRITTEN = ", ".join((*_DERIVED, "listing_id", "version", "created_at", "updated_at"))
_ROWS = "json_populate_recordset(NULL::listing, $2::json)"

# All offers, shared with other tenants: one lock for each of a thousand products could fill the
# server's table of locks.
_LOCK_ALL_OFFERS = (
    "SELECT pg_advisory_xact_lock_shared(hashtextextended('head-office', 0)) WHERE $1::text <> ''"
)
_LOCKED = "SELECT * FROM locked_listing($1, $2)"
_OFFERS = "SELECT document FROM offer WHERE $1::text <> '' AND product_id = ANY ($2::text[])"
_LISTINGS = f"""
SELECT {", ".join(COLUMNS)} FROM listing WHERE tenant_id = $1 AND listing_id = ANY ($2::text[])
ORDER BY listing_id FOR UPDATE
"""  # noqa: S608
_OWN_PRICES = """
SELECT listing_id, variant_id, amount_minor FROM listing_price
WHERE tenant_id = $1 AND listing_id = ANY ($2::text[]) ORDER BY variant_id
"""
# Those in force for everybody.
_LIST_PRICES = """
SELECT p.listing_id, p.variant_id, p.price_list_id, s.type, p.currency, p.amount_minor,
  p.min_quantity, p.max_quantity
FROM price_list_price p JOIN price_list s
  ON s.tenant_id = p.tenant_id AND s.price_list_id = p.price_list_id
WHERE p.tenant_id = $1 AND p.listing_id = ANY ($2::text[])
  AND s.status = 'ACTIVE' AND s.group_ids = '{}'
  AND coalesce(s.starts_at <= $3, true) AND coalesce(s.ends_at > $3, true)
"""

# The first row of a shop starts at what is added; the table refuses negative counts. It is the last
# row to be locked (see head_office.py), so it is written after `what` has been.
_RAISE = """
INSERT INTO tenant_catalogue AS c (tenant_id, currency, version, visible_count)
SELECT $1, $3, $4, greatest({more}, 0) FROM (SELECT count(*) FROM {what}) done WHERE {condition}
ON CONFLICT (tenant_id) DO UPDATE
SET version = greatest(c.version + 1, $4), visible_count = c.visible_count + {more}
"""
_PRICES = """
INSERT INTO listing_price (tenant_id, listing_id, variant_id, amount_minor)
SELECT $1, p.* FROM unnest({listings}::text[], {variants}::text[], {amounts}::bigint[])
AS p (listing_id, variant_id, amount_minor)
"""


def _placed(table: str, key: str, listings: str, keys: str) -> str:
    return (
        f"INSERT INTO {table} (tenant_id, listing_id, {key})"  # noqa: S608
        f" SELECT $1, p.* FROM unnest({listings}::text[], {keys}::text[]) AS p (listing_id, key)"
        " JOIN new USING (listing_id) RETURNING listing_id"
    )


_CREATE = f"""
WITH new AS (
  INSERT INTO listing (tenant_id, {_WRITTEN}) SELECT $1, {_WRITTEN} FROM {_ROWS}
  ON CONFLICT (tenant_id, listing_id) DO NOTHING RETURNING listing_id, visible
), prices AS (
  {_PRICES.format(listings="$5", variants="$6", amounts="$7")}
  JOIN new USING (listing_id) RETURNING listing_id
), categories AS (
  {_placed("listing_category", "category_id", "$8", "$9")}
), tags AS (
  {_placed("listing_tag", "tag_id", "$10", "$11")}
), counted AS (
  SELECT listing_id FROM prices UNION ALL SELECT listing_id FROM categories
  UNION ALL SELECT listing_id FROM tags
), raised AS (
  {
    _RAISE.format(
        more="(SELECT count(*) FILTER (WHERE visible) FROM new)",
        what="counted",
        condition="EXISTS (SELECT FROM new)",
    )
}
)
SELECT listing_id FROM new
"""  # noqa: S608
_CHANGE = f"""
WITH changed AS (
  UPDATE listing l SET ({_WRITTEN}) = ROW ({
    ", ".join(f"r.{name}" for name in _WRITTEN.split(", "))
})
  FROM {_ROWS} r WHERE l.tenant_id = $1 AND l.listing_id = r.listing_id RETURNING l.listing_id
), removed AS (
  DELETE FROM listing_price p USING changed WHERE p.tenant_id = $1
  AND p.listing_id = changed.listing_id AND NOT p.variant_id = ANY ($7::text[])
), prices AS (
  {_PRICES.format(listings="$6", variants="$7", amounts="$8")}
  ON CONFLICT (tenant_id, listing_id, variant_id)
  DO UPDATE SET amount_minor = excluded.amount_minor
)
{_RAISE.format(more="$5::bigint", what="changed", condition="true")}
"""  # noqa: S608
_REMOVE = f"""
WITH gone AS (
  DELETE FROM listing WHERE tenant_id = $1 AND listing_id = ANY ($2::text[]) RETURNING listing_id
)
{_RAISE.format(more="$5::bigint", what="gone", condition="true")}
"""  # noqa: S608


class Locked(NamedTuple):
    """A product's offer, and the tenant's listing of it with its own prices, if there is one."""

    offer: Offer
    listing: StoredListing | None
    own: Mapping[str, int]


async def locked(act: Act, product_id: str) -> Locked | None:
    """Reads and locks an offer and the tenant's listing of it; None if there is no such offer.

    The offer's lock is shared: tenants wait only for the head office, not for each other.
    """
    rows = await act.read(_LOCKED, product_id)
    if not rows:
        return None
    [row] = rows
    listing = StoredListing.of(dict(row)) if row["listing_id"] is not None else None
    return Locked(offer_document.parse(row["offer"]), listing, orjson.loads(row["own"]))


async def lock_all_offers(act: Act) -> None:
    """Locks all offers until the act ends, for a change of many listings."""
    await act.read(_LOCK_ALL_OFFERS)


async def offers(act: Act, product_ids: Sequence[str]) -> dict[str, Offer]:
    """Reads the head office's offers of products, whatever their status, by product."""
    found = [offer_document.parse(row[0]) for row in await act.read(_OFFERS, product_ids)]
    return {offer["id"]: offer for offer in found}


async def listings(act: Act, product_ids: Sequence[str]) -> dict[str, StoredListing]:
    """Reads the tenant's listings of products, and locks them in the order of their ids."""
    rows = await act.read(_LISTINGS, product_ids)
    return {row["listing_id"]: StoredListing.of(dict(row)) for row in rows}


async def own_prices(act: Act, listing_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Reads the tenant's own prices, in minor units by listing and variant."""
    prices: dict[str, dict[str, int]] = {listing_id: {} for listing_id in listing_ids}
    for listing_id, variant_id, amount in await act.read(_OWN_PRICES, listing_ids):
        prices[listing_id][variant_id] = amount
    return prices


async def list_prices(
    act: Act, listing_ids: Sequence[str], now: datetime
) -> dict[str, list[ListPrice]]:
    """Reads the prices of the tenant's price lists that all shoppers see, by listing."""
    prices: dict[str, list[ListPrice]] = {listing_id: [] for listing_id in listing_ids}
    for listing_id, *price in await act.read(_LIST_PRICES, listing_ids, now):
        prices[listing_id].append(ListPrice(*price))
    return prices


async def create(
    act: Act, choices: Sequence[Choice], *, currency: str, now: datetime
) -> list[StoredListing]:
    """Opts the tenant in to products.

    Returns the new listings in the order of the choices; not those that were there already.
    """
    rows = {
        choice.offer["id"]: {
            "listing_id": choice.offer["id"],
            "version": 1,
            "created_at": now,
            "updated_at": now,
            **derived_columns(choice, currency=currency),
        }
        # In one order, as rows are locked: two batches with the same products would deadlock.
        for choice in sorted(choices, key=lambda choice: choice.offer["id"])
    }
    placed = places(choice.offer for choice in choices)
    created = await act.change(
        _CREATE,
        _json(rows.values()),
        currency,
        first_version(),
        *_columns(_prices(choices), 3),
        *_columns(placed[ListingCategory], 2),
        *_columns(placed[ListingTag], 2),
    )
    new = {row["listing_id"] for row in created}
    return [
        StoredListing.of(rows[choice.offer["id"]])
        for choice in choices
        if choice.offer["id"] in new
    ]


async def change(
    act: Act,
    stored: Mapping[str, StoredListing],
    choices: Sequence[Choice],
    *,
    currency: str,
    now: datetime | None,
) -> None:
    """Gives listings, found by id, new prices or states.

    Without a time, they only show what price lists make of their prices now: their versions and
    times of change stay.
    """
    changed = [stored[choice.offer["id"]] for choice in choices]
    rows, shown_before = [], visible(changed)
    for listing, choice in zip(changed, choices, strict=True):
        row = {
            "listing_id": listing.listing_id,
            "version": listing.version + 1 if now else listing.version,
            "created_at": listing.created_at,
            "updated_at": now or listing.updated_at,
            **derived_columns(choice, currency=currency),
        }
        rows.append(row)
        listing.change(row)
    await act.change(
        _CHANGE,
        _json(rows),
        currency,
        first_version(),
        visible(changed) - shown_before,
        *_columns(_prices(choices), 3),
    )


async def remove(act: Act, gone: Sequence[StoredListing], *, currency: str) -> None:
    """Opts the tenant out, with the listings' prices and places."""
    ids = [listing.listing_id for listing in gone]
    await act.change(_REMOVE, ids, currency, first_version(), -visible(gone))


def _json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Writes rows for json_populate_recordset, which reads bytes as PostgreSQL writes them."""
    return orjson.dumps(list(rows), default=lambda content: f"\\x{content.hex()}").decode()


def _prices(choices: Iterable[Choice]) -> list[tuple[str, str, int]]:
    return [
        (choice.offer["id"], variant, amount)
        for choice in choices
        for variant, amount in choice.own.items()
    ]


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Turns rows into the arrays of a statement."""
    return [[row[place] for row in rows] for place in range(width)]
