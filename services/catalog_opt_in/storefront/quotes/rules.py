"""Whether a variant is sold, at what price, and what it is called in a language."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from services.catalog_opt_in.listings.rules import amounts
from services.catalog_opt_in.offer_document import Offer, OfferedConditionalPrice, OfferedVariant
from services.catalog_opt_in.storefront.texts import Texts


class Reason(Enum):
    """Why a variant is not sold."""

    UNKNOWN = auto()
    PRICE_MISSING = auto()


@dataclass(frozen=True, slots=True)
class ShopProduct:
    """A product that the tenant shows, with the tenant's own prices by variant, and its currency.

    Prices are in minor units; `texts` are translated ones by id and field.
    """

    offer: Offer
    own: Mapping[str, int]
    currency: str
    texts: Texts

    def text(self, id_: str, field: str, default: str) -> str:
        """Returns a text of a part of the product, or what it is without a translation."""
        return self.texts.get(id_, {}).get(field, default)


@dataclass(frozen=True, slots=True)
class Sold:
    """A variant that the tenant sells, and what it costs in minor units."""

    variant: OfferedVariant
    product: ShopProduct
    amount: int
    by_quantity: Sequence[OfferedConditionalPrice]


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
        costs = amounts(product.offer, product.own, product.currency)
        for variant in product.offer["variants"]:
            amount = costs.get(variant["id"])
            found[variant["id"]] = (
                Reason.PRICE_MISSING
                if amount is None
                else Sold(variant, product, amount, _by_quantity(variant, product))
            )
    return [found.get(variant, Reason.UNKNOWN) for variant in variants]


def _by_quantity(variant: OfferedVariant, product: ShopProduct) -> list[OfferedConditionalPrice]:
    """Lists the catalogue's prices for quantities, which a tenant's own price replaces.

    Not those under rules, which hold for some shoppers only.
    """
    if variant["id"] in product.own:
        return []
    return [
        price
        for price in variant["conditional_prices"]
        if price["currency"] == product.currency and not price["rules"]
    ]
