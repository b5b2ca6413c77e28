"""Whether a storefront shows a listing, why not, and what it shows of the product."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.catalog_opt_in.listings.costs import Cost, ListPrice, cost
from services.catalog_opt_in.offer_document import (
    Offer,
    OfferedOption,
    OfferedVariant,
    TaxonomyRef,
    Term,
)
from services.catalog_opt_in.products.model import GoodsFields
from services.values import store_documents as shown

LISTING_HIDDEN = "LISTING_HIDDEN"
PRODUCT_NOT_PUBLISHED = "PRODUCT_NOT_PUBLISHED"
PRICE_MISSING = "PRICE_MISSING"


@dataclass(frozen=True, slots=True)
class Market:
    """Where a product is sold: the currency, and how amounts are written in JSON."""

    currency: str
    number: Callable[[int], object]


def reasons_not_shown(*, state: str, product_status: str, priced: bool) -> list[str]:
    """Returns the reasons not to show a listing; it is shown if there are none.

    The only gate for all reads; the reason that the tenant itself can lift comes first.
    """
    conditions = {
        LISTING_HIDDEN: state != "LIVE",
        PRODUCT_NOT_PUBLISHED: product_status != "PUBLISHED",
        PRICE_MISSING: not priced,
    }
    return [reason for reason, holds in conditions.items() if holds]


def costs(
    offer: Offer, own: Mapping[str, int], currency: str, *, lists: Sequence[ListPrice] = ()
) -> dict[str, Cost]:
    """Returns what each variant costs in minor units, if one is bought.

    That is the tenant's own price, else the catalogue's, and what price lists make of it. A variant
    without any in this currency is left out: it is not for sale.
    """
    prices = {
        variant["id"]: cost(
            own.get(variant["id"], variant["prices"].get(currency)),
            prices_of(variant["id"], currency, lists),
        )
        for variant in offer["variants"]
    }
    return {variant: price for variant, price in prices.items() if price is not None}


def prices_of(variant_id: str, currency: str, lists: Sequence[ListPrice]) -> list[ListPrice]:
    """Returns the prices that lists have for a variant in a currency."""
    return [
        price for price in lists if price.variant_id == variant_id and price.currency == currency
    ]


def thumbnail(offer: Offer) -> str:
    """Returns the picture for lists: the chosen one, else the first."""
    return offer["thumbnail"] or next((image["url"] for image in offer["images"]), "")


def content(
    offer: Offer, *, own: Mapping[str, int], market: Market, lists: Sequence[ListPrice] = ()
) -> shown.ProductContent:
    """Renders a product as shoppers see it in one market, as Medusa JSON."""
    prices = calculated_prices(offer, own=own, market=market, lists=lists)
    sold = [variant for variant in offer["variants"] if variant["id"] in prices]
    collection, kind = offer["collection"], offer["type"]
    return {
        "id": offer["id"],
        "title": offer["title"],
        "subtitle": offer["subtitle"] or None,
        "description": offer["description"] or None,
        "handle": offer["handle"],
        "status": offer["status"].lower(),
        "is_giftcard": offer["is_giftcard"],
        "discountable": offer["discountable"],
        "thumbnail": thumbnail(offer) or None,
        "images": [
            {
                "id": image["id"],
                "url": image["url"],
                "rank": rank,
                "metadata": image["metadata"],
            }
            for rank, image in enumerate(offer["images"])
        ],
        "collection_id": collection and collection["id"],
        "collection": _collection(collection) if collection else None,
        "type_id": kind and kind["id"],
        "type": _term(kind) if kind else None,
        "tags": [_term(tag) for tag in offer["tags"]],
        "categories": [_category(ref) for ref in offer["categories"]],
        "options": [_option(option, sold) for option in offer["options"]],
        "variants": [
            _variant(offer, variant, rank, prices[variant["id"]])
            for rank, variant in enumerate(sold)
        ],
        **_goods(offer),
        # Medusa's products have these as texts, its variants as numbers.
        "weight": str(offer["weight"] or "") or None,
        "length": str(offer["length"] or "") or None,
        "height": str(offer["height"] or "") or None,
        "width": str(offer["width"] or "") or None,
        "external_id": offer["external_id"] or None,
        "metadata": offer["metadata"],
        "created_at": offer["created_at"],
    }


def _goods(goods: GoodsFields) -> shown.Goods:
    return {
        "material": goods["material"] or None,
        "origin_country": goods["origin_country"] or None,
        "hs_code": goods["hs_code"] or None,
        "mid_code": goods["mid_code"] or None,
    }


def _collection(ref: TaxonomyRef) -> shown.CollectionRef:
    return {"id": ref["id"], "title": ref["title"], "handle": ref["handle"]}


def _term(term: Term) -> shown.Tag:
    return {"id": term["id"], "value": term["value"]}


def _category(ref: TaxonomyRef) -> shown.StoreCategoryRef:
    return {"id": ref["id"], "name": ref["title"], "handle": ref["handle"]}


def _option(option: OfferedOption, sold: list[OfferedVariant]) -> shown.Option:
    """Renders an option with only the values that can be bought."""
    bought = {variant["choices"].get(option["id"]) for variant in sold}
    values = [_term(value) for value in option["values"] if value["id"] in bought]
    return {"id": option["id"], "title": option["title"], "values": values}


def _variant(
    offer: Offer, variant: OfferedVariant, rank: int, price: shown.CalculatedPrice
) -> shown.Variant:
    return {
        "id": variant["id"],
        "product_id": offer["id"],
        "title": variant["title"],
        "sku": variant["sku"],
        "barcode": variant["barcode"] or None,
        "ean": variant["ean"] or None,
        "upc": variant["upc"] or None,
        "material": variant["material"] or None,
        "origin_country": variant["origin_country"] or None,
        "hs_code": variant["hs_code"] or None,
        "mid_code": variant["mid_code"] or None,
        "weight": variant["weight_grams"] or None,
        "length": variant["length"] or None,
        "height": variant["height"] or None,
        "width": variant["width"] or None,
        "variant_rank": rank,
        "images": [],
        "options": [
            {"id": value["id"], "option_id": option["id"], "value": value["value"]}
            for option in offer["options"]
            for value in option["values"]
            if value["id"] == variant["choices"].get(option["id"])
        ],
        "manage_inventory": variant["manage_inventory"],
        "allow_backorder": variant["allow_backorder"],
        "calculated_price": price,
        "metadata": variant["metadata"],
    }


def calculated_prices(
    offer: Offer, *, own: Mapping[str, int], market: Market, lists: Sequence[ListPrice]
) -> dict[str, shown.CalculatedPrice]:
    """Renders what each variant that is sold costs."""
    found = costs(offer, own, market.currency, lists=lists)
    return {variant: _price(market, price) for variant, price in found.items()}


def _price(market: Market, price: Cost) -> shown.CalculatedPrice:
    return {
        "calculated_amount": market.number(price.amount),
        "is_calculated_price_price_list": price.by is not None,
        "is_calculated_price_tax_inclusive": False,
        "original_amount": market.number(price.original),
        "currency_code": market.currency.lower(),
        "calculated_price": _listed(price.by),
        "original_price": _listed(price.original_by),
    }


def _listed(by: ListPrice | None) -> shown.ListedPrice:
    return {
        "price_list_id": by.price_list_id if by else None,
        "price_list_type": by.kind.lower() if by else None,
    }
