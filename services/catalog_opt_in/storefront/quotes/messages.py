"""Quotes in the contract's form."""

from collections.abc import Sequence

from souk.catalog_opt_in.v1 import product_pb2
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb

from services.catalog_opt_in.listings.rules import thumbnail
from services.catalog_opt_in.offer_document import Offer
from services.catalog_opt_in.storefront.quotes.rules import Reason, Sold, Texts

_REASONS = {
    Reason.UNKNOWN: pb.VariantQuote.REASON_UNKNOWN,
    Reason.PRICE_MISSING: pb.VariantQuote.REASON_PRICE_MISSING,
}


def quote_message(
    variant_id: str, answer: Sold | Reason, locales: Sequence[str]
) -> pb.VariantQuote:
    if isinstance(answer, Reason):
        return pb.VariantQuote(variant_id=variant_id, reasons=[_REASONS[answer]])
    offer, variant = answer.product.offer, answer.variant
    texts = Texts(offer, locales)
    material = texts.read(offer["id"], "material", offer["material"])
    return pb.VariantQuote(
        variant_id=variant_id,
        price_minor=answer.amount,
        currency_code=answer.product.currency,
        quantity_prices=[
            pb.QuantityPrice(
                price_minor=price["amount_minor"],
                min_quantity=price["min_quantity"],
                max_quantity=price["max_quantity"],
            )
            for price in answer.by_quantity
        ],
        title=texts.read(variant_id, "title", variant["title"]),
        sku=variant["sku"] or "",
        barcode=variant["barcode"],
        options={
            texts.read(option["id"], "title", option["title"]): texts.read(
                value["id"], "value", value["value"]
            )
            for option in offer["options"]
            for value in option["values"]
            if value["id"] == variant["choices"].get(option["id"])
        },
        weight_grams=variant["weight_grams"] or offer["weight"],
        length=variant["length"] or offer["length"],
        width=variant["width"] or offer["width"],
        height=variant["height"] or offer["height"],
        hs_code=variant["hs_code"] or offer["hs_code"],
        mid_code=variant["mid_code"] or offer["mid_code"],
        origin_country=variant["origin_country"] or offer["origin_country"],
        material=texts.read(variant_id, "material", variant["material"]) or material,
        manage_inventory=variant["manage_inventory"],
        allow_backorder=variant["allow_backorder"],
        inventory_items=[product_pb2.InventoryItem(**item) for item in variant["inventory_items"]],
        product=_product(offer, texts),
    )


def _product(offer: Offer, texts: Texts) -> pb.QuotedProduct:
    collection, kind = offer["collection"], offer["type"]
    return pb.QuotedProduct(
        id=offer["id"],
        title=texts.read(offer["id"], "title", offer["title"]),
        subtitle=texts.read(offer["id"], "subtitle", offer["subtitle"]),
        description=texts.read(offer["id"], "description", offer["description"]),
        handle=offer["handle"],
        thumbnail=thumbnail(offer),
        type_id=kind["id"] if kind else "",
        type=texts.read(kind["id"], "value", kind["value"]) if kind else "",
        collection_id=collection["id"] if collection else "",
        category_ids=[category["id"] for category in offer["categories"]],
        tag_ids=[tag["id"] for tag in offer["tags"]],
        discountable=offer["discountable"],
        is_giftcard=offer["is_giftcard"],
        shipping_profile_id=offer["shipping_profile_id"],
    )
