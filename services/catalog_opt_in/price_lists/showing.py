"""Shows what price lists make of prices: in the documents of listings, and where they sort."""

from collections.abc import Collection
from datetime import datetime

from services.catalog_opt_in.listings import writing
from services.catalog_opt_in.listings.queries import Choice
from services.catalog_opt_in.listings.scopes import scope_currency
from services.catalog_opt_in.models.listings import first_version
from services.kernel.data.acts import Act

_RAISE = """
UPDATE tenant_catalogue SET version = greatest(version + 1, $2) WHERE tenant_id = $1
"""


async def show(act: Act, listing_ids: Collection[str], now: datetime) -> None:
    """Writes what the tenant's listings show by the price lists that are in force.

    Their offers must be locked. The catalogue has a new version in any case: what carts are quoted
    may be new where nothing that is stored is.
    """
    stored = await writing.listings(act, sorted(listing_ids))
    if not stored:
        await act.change(_RAISE, first_version())
        return
    ids = list(stored)
    offers, own = await writing.offers(act, ids), await writing.own_prices(act, ids)
    # After the listings are locked, so that two lists of one product do not miss each other.
    lists = await writing.list_prices(act, ids, now)
    choices = [Choice(offers[id_], stored[id_].state, own[id_], lists[id_]) for id_ in ids]
    await writing.change(act, stored, choices, currency=scope_currency(), now=None)
