"""What shops show of translations: the texts of products, and the words that they are found by.

Their documents are not touched: texts are put in as they are read. What products share, such as
tags, is read by itself, too.
"""

from collections.abc import Collection, Sequence

import orjson
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in import models
from services.catalog_opt_in.folding import sort_key
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.models import ProductText, ProductTitle, TaxonomyText, Translation
from services.catalog_opt_in.offer_document import Offer, parse
from services.catalog_opt_in.search.index import index
from services.catalog_opt_in.translations.queries import texts_of
from services.kernel.data.arrays import among


async def publish_texts(session: AsyncSession, offers: Sequence[Offer]) -> None:
    """Stores the texts of offers for each locale that anything they show is translated into."""
    texts = await texts_of(session, offers)
    ids = [offer["id"] for offer in offers]
    for table in (ProductText, ProductTitle):
        await session.execute(delete(table).where(among(table.product_id, ids)))
    rows = [
        {"product_id": product_id, "locale": locale, "texts": orjson.dumps(of_locale)}
        for product_id, of_product in texts.items()
        for locale, of_locale in of_product.items()
    ]
    if rows:
        await session.execute(insert(ProductText), rows)
    titles = [
        {"product_id": id_, "locale": locale, "title": title, "title_key": sort_key(title)}
        for id_, of_product in texts.items()
        for locale, of_locale in of_product.items()
        if (title := of_locale.get(id_, {}).get("title"))
    ]
    if titles:
        await session.execute(insert(ProductTitle), titles)
    await index(session, offers, texts)


async def publish_texts_anew(session: AsyncSession, product_ids: Collection[str]) -> None:
    """Stores the texts of products after a change of translations that they show."""
    offers = await session.scalars(
        select(models.Offer.document).where(among(models.Offer.product_id, product_ids))
    )
    if found := [parse(document) for document in offers]:
        await publish_texts(session, found)


async def publish_taxonomy_texts(session: AsyncSession, reference_ids: Collection[str]) -> None:
    """Stores the texts of collections, categories, tags and types, as far as there are any."""
    await session.execute(
        delete(TaxonomyText).where(among(TaxonomyText.reference_id, reference_ids))
    )
    translations = await session.scalars(
        select(Translation).where(
            own_rows(Translation), among(Translation.reference_id, reference_ids)
        )
    )
    rows = [
        {"reference_id": row.reference_id, "locale": row.locale, "texts": orjson.dumps(row.texts)}
        for row in translations
    ]
    if rows:
        await session.execute(insert(TaxonomyText), rows)
