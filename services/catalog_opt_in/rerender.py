"""`python -m services.catalog_opt_in rerender`: rebuilds what is stored in an older format.

Product by product, each in a transaction that locks it as a change by the head office does, so
shops go on meanwhile. What is current is passed over: after an interruption, run it again.
"""

import asyncio

from sqlalchemy import cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB

from services.catalog_opt_in import models
from services.catalog_opt_in.folding import sort_key
from services.catalog_opt_in.head_office import lock_head_office, lock_product
from services.catalog_opt_in.listings.refresh import rerender as rerender_listings
from services.catalog_opt_in.models import Category, Collection, Listing, TenantCatalogue
from services.catalog_opt_in.models.listings import next_version
from services.catalog_opt_in.offer_document import FORMAT
from services.catalog_opt_in.products import queries, storing
from services.kernel.call.errors import Aborted, DeadlineExceeded, Unavailable
from services.kernel.call.scope import Scope, bound
from services.kernel.data.database import Database
from services.kernel.process import logs
from services.kernel.serving.server import Runtime

PAGE = 100
_ATTEMPTS = 60
_RETRY_SECONDS = 1
_log = logs.logger()


async def rerender(runtime: Runtime) -> None:
    """Rebuilds offers, documents and folded text that are older than FORMAT, and logs progress."""
    office = Scope(runtime.settings.head_office, "services/catalog-opt-in", frozenset())
    with bound(office):
        await _fold_taxonomy(runtime.db)
        seen, rebuilt, last = 0, 0, ""
        while page := await _page(runtime.db, after=last):
            for product_id, is_stale in page.items():
                if is_stale:
                    await _rebuild_with_retries(runtime.db, product_id)
                    rebuilt += 1
            seen, last = seen + len(page), product_id
            _log.info("rerendering", products=seen, rebuilt=rebuilt, format=FORMAT)
        _log.info("rerendered", products=seen, rebuilt=rebuilt, format=FORMAT)


async def _fold_taxonomy(database: Database) -> None:
    """Renews the sort keys of collections and categories; they are few."""
    async with database.housekeeping() as session:
        await lock_head_office(session)
        rows: list[Collection | Category] = [
            *await session.scalars(select(Collection)),
            *await session.scalars(select(Category)),
        ]
        stale = [row for row in rows if row.title_key != sort_key(row.title)]
        for row in stale:
            row.title_key = sort_key(row.title)
        if stale:
            await session.execute(update(TenantCatalogue).values(version=next_version()))


async def _page(database: Database, *, after: str) -> dict[str, bool]:
    """Reads the next products, and whether anything that is stored of them is older than FORMAT."""
    offer_format = func.coalesce(cast(models.Offer.document, JSONB)["format"].as_integer(), 0)
    # Joins from tenants to listings by key, so that no index has to lead with the product.
    old_listing = (
        select(TenantCatalogue.tenant_id)
        .join(Listing, Listing.tenant_id == TenantCatalogue.tenant_id)
        .where(Listing.listing_id == models.Offer.product_id)
        # A whole document is what an instance of the version before wrote, whatever format it says:
        # it copies that of the offer.
        .where(or_(func.coalesce(Listing.format, 0) < FORMAT, Listing.document.is_not(None)))
    )
    statement = (
        select(models.Offer.product_id, or_(offer_format < FORMAT, old_listing.exists()))
        .where(models.Offer.product_id > after)
        .order_by(models.Offer.product_id)
        .limit(PAGE)
    )
    async with database.housekeeping() as session:
        return dict((await session.execute(statement)).tuples().all())


async def _rebuild_with_retries(database: Database, product_id: str) -> None:
    """Rebuilds one product, and waits for whoever holds it; a shop or the head office is first."""
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            await _rebuild(database, product_id)
        except (Aborted, DeadlineExceeded, Unavailable) as error:
            if not attempts_left:
                raise
            _log.warning("rerender_waits", product=product_id, reason=error.reason)
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            return


async def _rebuild(database: Database, product_id: str) -> None:
    async with database.housekeeping() as session:
        await lock_head_office(session)
        await lock_product(session, product_id)
        product = await queries.get(session, product_id)
        if product is None:  # removed meanwhile
            return
        await queries.fold(session, product)
        [offer] = await storing.publish(session, [product])
        await rerender_listings(session, offer)
