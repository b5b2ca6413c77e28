"""Whether a variant is sold, at what price, and what it is called in a language."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from services.catalog_opt_in.listings.costs import Cost, ListPrice, Tier, tiers
from services.catalog_opt_in.listings.rules import costs, prices_of
from services.catalog_opt_in.offer_document import Offer, OfferedVariant
from services.catalog_opt_in.storefront.texts import Texts


class Reason(Enum):
    """Why a variant is not sold."""

    UNKNOWN = auto()
    PRICE_MISSING = auto()


@dataclass(frozen=True, slots=True)
class ShopProduct:
    """A product that the tenant shows, with the tenant's own prices by variant, and its currency.

    Prices are in minor units; `texts` are translated ones by id and field, and `lists` the prices
    of price lists that apply to the shopper.
    """

    offer: Offer
    own: Mapping[str, int]
    currency: str
    texts: Texts
    lists: Sequence[ListPrice] = ()

    def text(self, id_: str, field: str, default: str) -> str:
        """Returns a text of a part of the product, or what it is without a translation."""
        return self.texts.get(id_, {}).get(field, default)


@dataclass(frozen=True, slots=True)
class Sold:
    """A variant that the tenant sells, and what it costs, for some quantities otherwise."""

    variant: OfferedVariant
    product: ShopProduct
    cost: Cost
    by_quantity: Sequence[Tier]


def problems(variants: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Finds what is wrong with a request for quotes of variants."""
    if not variants:
        yield "variants", "must have at least one entry"
    seen = set()
    for place, variant in enumerate(variants):
        if variant in seen:
            yield f"variants[{place}]", "must not be repeated"
        seen.add(variant)


def quotes(variants: Iterable[str], products: Iterable[ShopProduct]) -> list[Sold | Reason]:
    """Says of each variant what it costs, or why it is not sold."""
    found: dict[str, Sold | Reason] = {}
    for product in products:
        found_costs = costs(product.offer, product.own, product.currency, lists=product.lists)
        for variant in product.offer["variants"]:
            cost = found_costs.get(variant["id"])
            found[variant["id"]] = (
                Reason.PRICE_MISSING
                if cost is None
                else Sold(variant, product, cost, _by_quantity(variant, product))
            )
    return [found.get(variant, Reason.UNKNOWN) for variant in variants]


def _by_quantity(variant: OfferedVariant, product: ShopProduct) -> list[Tier]:
    """Lists what one costs by quantity: the catalogue's prices, and what price lists make of them.

    A tenant's own price replaces all of the catalogue's. Those under rules hold for some shoppers
    only, and are left out.
    """
    id_, currency = variant["id"], product.currency
    catalogues = [
        (price["min_quantity"], price["max_quantity"], price["amount_minor"])
        for price in variant["conditional_prices"]
        if id_ not in product.own and price["currency"] == currency and not price["rules"]
    ]
    lists = prices_of(id_, currency, product.lists)
    return tiers(product.own.get(id_, variant["prices"].get(currency)), catalogues, lists)
