"""A cart while it is changed: whatever a change needs is read before, and it is stored once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.commerce.carts.content import CartContent
from services.commerce.carts.document import cart_document
from services.commerce.catalogue import Offers
from services.commerce.markets.rules import Market, canonical_id, find
from services.commerce.models import Cart
from services.commerce.pricing.discounts import Discounted
from services.commerce.pricing.lines import Line
from services.commerce.pricing.promotions import Promotion
from services.commerce.pricing.taxes import LocalRates
from services.commerce.pricing.totals import CartTotals, cart_totals
from services.commerce.promotions.applying import adjustments, apply
from services.commerce.setup.setup import Setup
from services.commerce.shipping import methods
from services.commerce.shipping.rules import Quoted
from services.commerce.stock.rules import INSUFFICIENT, Available, Demand, short_lines
from services.commerce.taxes.rules import rates_of_cart
from services.kernel.call.errors import FailedPrecondition, NotFound

LIFETIME = timedelta(days=30)
"""How long a cart is kept after its last change."""


class OtherCurrency(Exception):
    """Prices were asked for in another currency than the cart's, which is `currency_code`."""

    def __init__(self, currency_code: str) -> None:
        super().__init__(currency_code)
        self.currency_code = currency_code


@dataclass(frozen=True, slots=True)
class OpenCart:
    """A new cart, or one whose row is locked; `offers` is what the catalogue says now.

    `stock` is how many there are of those variants that are sold only from stock, `group_ids` which
    groups the cart's customer is in.
    """

    row: Cart
    content: CartContent
    setup: Setup
    offers: Offers
    stock: Available
    group_ids: Sequence[str]
    now: datetime

    @property
    def market(self) -> Market:
        """The cart's region.

        Raises:
            FailedPrecondition: REGION_DELETED.
        """
        found = find(self.setup.markets, self.content.region_id)
        if found is None:
            raise FailedPrecondition(
                "REGION_DELETED",
                "The cart's region is no longer there. Set another region_id.",
            )
        return found

    @property
    def codes_before(self) -> list[str]:
        """The codes of promotions that are in the stored cart."""
        stored: list[str] = (self.row.content or {}).get("promo_codes", [])
        return stored

    def require_offers(self) -> None:
        """Requires that the catalogue was asked for prices in the currency of the cart's region.

        Raises:
            OtherCurrency: it is another; a region that is gone has none.
        """
        market = find(self.setup.markets, self.content.region_id)
        for offer in self.offers.values():
            if market is not None and offer.currency_code != market.currency_code:
                raise OtherCurrency(market.currency_code)

    def enter_currency(self) -> None:
        """Puts the cart into its region's currency.

        Raises:
            FailedPrecondition: REGION_DELETED.
            OtherCurrency: the catalogue was asked in another.
        """
        currency_code = self.market.currency_code
        self.require_offers()
        if self.content.currency_code != currency_code:
            self.content.currency_code = currency_code
            for item in self.content.items:
                item.forget_price()

    def price(self, promotions: Sequence[Promotion]) -> CartTotals:
        """Prices the cart anew, at what the catalogue says, less what promotions take off."""
        self._put_offers()
        self._put_shortages()
        rates = self._tax_rates()
        lines = self._lines(rates)
        discounted = self._discounted(promotions, lines)
        if self.content.shipping_methods:
            # What shipping costs depends on what the goods cost after discounts.
            methods.reprice(self.content, self._options(lines), self.now)
            discounted = self._discounted(promotions, lines, self._shipping_lines(rates))
        totals = cart_totals(discounted.items, discounted.shipping_methods)
        self.content.total = totals.total
        self._adjust_payment()
        return totals

    def shipping_options(self) -> list[Quoted]:
        """Returns the options for the cart as it was last priced, with what they cost."""
        return self._options(self._lines(self._tax_rates()))

    def _options(self, goods: Sequence[Line]) -> list[Quoted]:
        lines = [
            replace(line, adjustments=adjustments(item))
            for line, item in zip(goods, self.content.items, strict=True)
        ]
        return methods.quoted(
            self.content,
            self.setup.shipping,
            cart_totals(lines),
            region_id=canonical_id(self.setup.markets, self.market),
        )

    def put(self, totals: CartTotals) -> None:
        """Puts the content and the document into the row."""
        row, collection = self.row, self.content.payment_collection
        row.content = self.content.model_dump(mode="json")
        row.payment_collection_id = collection.id if collection else None
        row.update_time = self.now
        row.expire_time = self.now + LIFETIME
        row.document = cart_document(row, self.content, self.market, totals)

    def _lines(self, rates: LocalRates) -> list[Line]:
        includes_tax = self.market.includes_tax
        return [
            Line(
                item.id,
                0 if item.reasons else item.unit_price,
                item.quantity,
                includes_tax,
                rates.for_item(
                    item.quote.product_id,
                    item.quote.product_type_id,
                    is_giftcard=item.quote.is_giftcard,
                ),
            )
            for item in self.content.items
        ]

    def _shipping_lines(self, rates: LocalRates) -> list[Line]:
        includes_tax = self.market.includes_tax
        return [
            Line(method.id, method.amount, 1, includes_tax, rates.for_shipping(method.option_id))
            for method in self.content.shipping_methods
        ]

    def _discounted(
        self, promotions: Sequence[Promotion], lines: Sequence[Line], shipping: Sequence[Line] = ()
    ) -> Discounted:
        return apply(
            promotions,
            self.content,
            lines,
            shipping,
            region_id=canonical_id(self.setup.markets, self.market),
            customer_id=self.row.customer_id,
            group_ids=self.group_ids,
            tenant=self.row.tenant_id,
            now=self.now,
        )

    def _put_offers(self) -> None:
        """Puts offers into the lines; of what is not sold any more, the last stays."""
        for item in self.content.items:
            offer = self.offers.get(item.variant_id)
            # Without one, another request has just added and priced it.
            if offer is not None:
                item.reasons = list(offer.reasons)
                if not offer.reasons:
                    item.quote = offer.quote
                    item.unit_price, original = offer.quote.price_for(item.quantity)
                    item.compare_at = original if original > item.unit_price else 0

    def _tax_rates(self) -> LocalRates:
        """Returns the rates of what is sent to the cart's shipping address."""
        address = self.content.shipping_address
        return rates_of_cart(
            self.setup.taxes,
            self.market,
            country=address.country_code if address else "",
            province=address.province if address else "",
            is_taxed=self.content.is_taxed,
        )

    def _put_shortages(self) -> None:
        lines = [
            Demand(i.id, i.variant_id, i.quantity) for i in self.content.items if not i.reasons
        ]
        short = short_lines(lines, self.stock)
        for item in self.content.items:
            if item.id in short:
                item.reasons = [INSUFFICIENT]

    def refuse_shortage(self, variant_id: str) -> None:
        """Refuses to have more of a variant in the cart than there are.

        Raises:
            FailedPrecondition: INSUFFICIENT_INVENTORY.
        """
        there = max(self.stock.get(variant_id, 0), 0)
        lines = [item for item in self.content.items if item.variant_id == variant_id]
        quantity = sum(item.quantity for item in lines)
        if variant_id in self.stock and quantity > there:
            raise FailedPrecondition(
                INSUFFICIENT,
                f"Only {there} of this variant are in stock, and the cart would have {quantity}."
                " Take fewer.",
                variant=variant_id,
                available=str(there),
            )

    @property
    def demands(self) -> list[Demand]:
        """What must be kept for the cart when it is completed."""
        return [
            Demand(item.id, item.variant_id, item.quantity, item.quote.allow_backorder)
            for item in self.content.items
            if item.quote.manage_inventory
        ]

    @property
    def demands_to_ship(self) -> list[Demand]:
        """What is counted, and shipped, of the cart as it was last priced."""
        return [
            Demand(item.id, item.variant_id, item.quantity)
            for item in self.content.items
            if item.quote.requires_shipping
            and item.quote.manage_inventory
            and not item.quote.allow_backorder
        ]

    def _adjust_payment(self) -> None:
        """Ends what was agreed with a provider for another amount than is due now."""
        collection = self.content.payment_collection
        due = self.content.total, self.content.currency_code
        if collection is not None and (collection.amount, collection.currency_code) != due:
            (collection.amount, collection.currency_code), collection.sessions = due, []
            collection.status, collection.updated_at = "not_paid", self.now


def chosen_market(markets: Sequence[Market], region_id: str) -> Market:
    """Returns the region that a client names, or the tenant's first for none.

    Raises:
        NotFound: REGION_NOT_FOUND.
    """
    found = find(markets, region_id)
    if found is None:
        raise NotFound("REGION_NOT_FOUND", f"No such region: {region_id[:100]}")
    return found
