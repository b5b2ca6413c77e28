"""The parts of offers that shoppers find products by: options and variants."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.folding import search_text, sort_key
from services.catalog_opt_in.models import OfferOption, OfferValue, OfferVariant
from services.catalog_opt_in.offer_document import Offer, OfferedOption, OfferedVariant, Term
from services.kernel.data.arrays import among

Row = dict[str, Any]


async def publish_parts(session: AsyncSession, offers: Sequence[Offer]) -> None:
    """Replaces the options and variants that are stored of offers."""
    ids = [offer["id"] for offer in offers]
    options = [_option(offer["id"], option) for offer in offers for option in offer["options"]]
    values = [
        _value(offer["id"], option, value)
        for offer in offers
        for option in offer["options"]
        for value in option["values"]
    ]
    variants = [_variant(offer["id"], variant) for offer in offers for variant in offer["variants"]]
    for table, rows in (
        (OfferOption, options),
        (OfferValue, values),
        (OfferVariant, variants),
    ):
        await session.execute(delete(table).where(among(table.product_id, ids)))
        if rows:
            await session.execute(insert(table), rows)


def _option(product_id: str, option: OfferedOption) -> Row:
    return {
        "product_id": product_id,
        "option_id": option["id"],
        "title": option["title"],
        "title_key": sort_key(option["title"]),
    }


def _value(product_id: str, option: OfferedOption, value: Term) -> Row:
    return {
        "product_id": product_id,
        "option_id": option["id"],
        "value_id": value["id"],
        "value": value["value"],
    }


def _variant(product_id: str, variant: OfferedVariant) -> Row:
    return {
        "product_id": product_id,
        "variant_id": variant["id"],
        "title_key": sort_key(variant["title"]),
        "search": search_text(variant["title"], variant["sku"] or "", variant["barcode"]),
        "sku": variant["sku"],
        "ean": variant["ean"] or None,
        "upc": variant["upc"] or None,
        "barcode": variant["barcode"] or None,
        "value_ids": list(variant["choices"].values()),
        "currencies": list(variant["prices"]),
    }
