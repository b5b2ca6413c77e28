"""The shipping methods of a cart: chosen among its options, and true to them at each change."""

from collections.abc import Collection, Iterable
from datetime import datetime

from services.commerce.carts.content import CartContent, Item, Metadata, ShippingMethod
from services.commerce.pricing.conditions import Context
from services.commerce.pricing.shipping import Address
from services.commerce.pricing.totals import CartTotals
from services.commerce.shipping.rules import Quoted, Shipping
from services.kernel.call import names
from services.values.money import json_number


def quoted(
    content: CartContent, shipping: Shipping, goods: CartTotals, *, region_id: str
) -> list[Quoted]:
    """Returns the options for a cart with what they cost; `goods` are the totals of its items.

    They are for what it has to ship; of whatever profile, as long as that is nothing.
    """
    found = shipping.quoted(
        _address(content),
        _context(content, goods),
        currency_code=content.currency_code,
        region_id=region_id,
    )
    profiles = _profiles(content, shipping)
    return [one for one in found if not profiles or one.option.rule.shipping_profile_id in profiles]


def reprice(content: CartContent, options: Collection[Quoted], now: datetime) -> None:
    """Puts the prices of today into the methods; those that no option stands for are removed.

    Of two for the same goods, which staff can bring about, the last stays.
    """
    by_id = {found.option.rule.id: found for found in options}
    offered = [method for method in content.shipping_methods if method.option_id in by_id]
    for method in offered:
        found = by_id[method.option_id]
        changed = found.option.name, found.option.rule.shipping_profile_id, found.amount
        if changed != (method.name, method.profile_id, method.amount):
            method.name, method.profile_id, method.amount = changed
            method.updated_at = now
    content.shipping_methods = list({method.profile_id: method for method in offered}.values())


def choose(content: CartContent, found: Quoted, data: Metadata | None, now: datetime) -> None:
    """Makes an option a method of the cart, in the place of the one for the same goods."""
    profile = found.option.rule.shipping_profile_id
    method = ShippingMethod(
        id=names.new_id("casm"),
        option_id=found.option.rule.id,
        profile_id=profile,
        name=found.option.name,
        amount=found.amount,
        data=data,
        created_at=now,
        updated_at=now,
    )
    others = [other for other in content.shipping_methods if other.profile_id != profile]
    content.shipping_methods = [*others, method]


def lacks_method(content: CartContent, shipping: Shipping) -> bool:
    """Tells whether some goods have no method; they need none in a shop that offers none."""
    if not shipping.is_set_up:
        return False
    profiles = _profiles(content, shipping)
    return bool(profiles - {method.profile_id for method in content.shipping_methods})


def _profiles(content: CartContent, shipping: Shipping) -> set[str]:
    """Returns the profiles of the goods that are to be shipped."""
    return {shipping.profile_of(i.quote.shipping_profile_id) for i in _to_ship(content.items)}


def _to_ship(items: Iterable[Item]) -> list[Item]:
    return [item for item in items if item.quote.requires_shipping]


def _address(content: CartContent) -> Address | None:
    """Returns where a cart is shipped to; None while not even the country is known."""
    address = content.shipping_address
    if address is None or not address.country_code:
        return None
    return Address(address.country_code, address.province, address.city, address.postal_code)


def _context(content: CartContent, goods: CartTotals) -> Context:
    """Returns what conditions ask of a cart: amounts as they are written, in major units."""
    weight = sum(item.quote.weight_grams * item.quantity for item in _to_ship(content.items))
    return {
        "item_total": (json_number(goods.item_total, content.currency_code),),
        "subtotal": (json_number(goods.item_subtotal, content.currency_code),),
        "weight": (str(weight),),
    }
