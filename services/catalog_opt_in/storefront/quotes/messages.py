"""Quotes in the contract's form."""

from souk.catalog_opt_in.v1 import product_pb2
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb

from services.catalog_opt_in.listings.rules import thumbnail
from services.catalog_opt_in.storefront.quotes.rules import Reason, ShopProduct, Sold

_REASONS = {
    Reason.UNKNOWN: pb.VariantQuote.REASON_UNKNOWN,
    Reason.PRICE_MISSING: pb.VariantQuote.REASON_PRICE_MISSING,
}


def quote_message(variant_id: str, answer: Sold | Reason) -> pb.VariantQuote:
    if isinstance(answer, Reason):
        return pb.VariantQuote(variant_id=variant_id, reasons=[_REASONS[answer]])
    product, variant = answer.product, answer.variant
    offer = product.offer
    material = product.text(offer["id"], "material", offer["material"])
    return pb.VariantQuote(
        variant_id=variant_id,
        price_minor=answer.cost.amount,
        original_price_minor=answer.cost.original,
        currency_code=product.currency,
        quantity_prices=[
            pb.QuantityPrice(
                price_minor=tier.cost.amount,
                min_quantity=tier.least,
                max_quantity=tier.most,
                original_price_minor=tier.cost.original,
            )
            for tier in answer.by_quantity
        ],
        title=product.text(variant_id, "title", variant["title"]),
        sku=variant["sku"] or "",
        barcode=variant["barcode"],
        options={
            product.text(option["id"], "title", option["title"]): product.text(
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
        material=product.text(variant_id, "material", variant["material"]) or material,
        manage_inventory=variant["manage_inventory"],
        allow_backorder=variant["allow_backorder"],
        inventory_items=[product_pb2.InventoryItem(**item) for item in variant["inventory_items"]],
        product=_product(product),
    )


def _product(product: ShopProduct) -> pb.QuotedProduct:
    offer = product.offer
    collection, kind = offer["collection"], offer["type"]
    return pb.QuotedProduct(
        id=offer["id"],
        title=product.text(offer["id"], "title", offer["title"]),
        subtitle=product.text(offer["id"], "subtitle", offer["subtitle"]),
        description=product.text(offer["id"], "description", offer["description"]),
        handle=offer["handle"],
        thumbnail=thumbnail(offer),
        type_id=kind["id"] if kind else "",
        type=product.text(kind["id"], "value", kind["value"]) if kind else "",
        collection_id=collection["id"] if collection else "",
        category_ids=[category["id"] for category in offer["categories"]],
        tag_ids=[tag["id"] for tag in offer["tags"]],
        discountable=offer["discountable"],
        is_giftcard=offer["is_giftcard"],
        shipping_profile_id=offer["shipping_profile_id"],
    )
