"""Offers, which tenants opt in to, and their documents: published and withdrawn."""

from collections.abc import Sequence

import orjson
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in import models
from services.catalog_opt_in.listings import documents
from services.catalog_opt_in.listings.parts import publish_parts
from services.catalog_opt_in.offer_document import Offer
from services.catalog_opt_in.translations.publishing import publish_texts
from services.kernel.data.arrays import among


async def publish(session: AsyncSession, versions: Sequence[tuple[Offer, int]]) -> None:
    """Stores offers that tenants may opt in to, with documents of markets, parts, texts and words.

    Each comes with the version of its product.
    """
    statement = upsert(models.Offer)
    columns = ("status", "version", "document")
    statement = statement.on_conflict_do_update(
        index_elements=["product_id"],
        set_={column: statement.excluded[column] for column in columns},
    )
    rows = [
        {
            "product_id": offer["id"],
            "status": offer["status"],
            "version": version,
            "document": orjson.dumps(offer).decode(),
        }
        for offer, version in versions
    ]
    if not rows:
        return
    await session.execute(statement, rows)
    offers = [offer for offer, _ in versions]
    await documents.publish_markets(session, offers)
    await publish_parts(session, offers)
    await publish_texts(session, offers)


async def withdraw(session: AsyncSession, product_ids: Sequence[str]) -> None:
    await session.execute(delete(models.Offer).where(among(models.Offer.product_id, product_ids)))
