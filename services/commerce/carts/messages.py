"""What clients say of carts, put into them."""

from collections.abc import Iterable

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct
from souk.commerce.v1 import cart_pb2 as pb

from services.commerce.carts.content import Address, CartContent, Metadata
from services.commerce.carts.open_cart import OpenCart, chosen_market
from services.commerce.markets.rules import Market
from services.commerce.promotions.rules import MOST_CODES, code_key
from services.kernel.call.errors import invalid
from services.kernel.data import updates
from services.values.countries import is_country
from services.values.emails import canonical_email, is_email
from services.values.structs import merged, struct_json

_ADDRESS_FIELDS = tuple(Address.model_fields)


def update(cart: OpenCart, requested: pb.Cart, mask: FieldMask | None = None) -> None:
    """Puts the fields of the mask into a cart; without one, those that are set.

    Raises:
        InvalidArgument: FIELD_INVALID, MASK_INVALID or COUNTRY_NOT_IN_REGION, with the fields.
        NotFound: REGION_NOT_FOUND.
    """
    paths, content = updates.masked(requested, mask or FieldMask()), cart.content
    if "promo_codes" in paths:
        content.promo_codes = []
        add_codes(content, requested.promo_codes)
    if "region_id" in paths:
        _move(content, chosen_market(cart.setup.markets, requested.region_id))
    if "email" in paths:
        content.email = _email(requested.email)
    if "locale" in paths:
        content.locale = requested.locale
    if "metadata" in paths:
        content.metadata = merged(content.metadata, struct_json(requested.metadata))
    for field in ("shipping_address", "billing_address"):
        if field in paths:
            change = getattr(requested, field) if requested.HasField(field) else None
            setattr(content, field, change and _address(change, content, field, cart.market))


def add_codes(content: CartContent, codes: Iterable[str]) -> None:
    """Adds codes of promotions, each once.

    Raises:
        InvalidArgument: FIELD_INVALID, they are too many.
    """
    keys = dict.fromkeys([*content.promo_codes, *map(code_key, codes)])
    if len(keys) > MOST_CODES:
        text = f"must be at most {MOST_CODES}, together with those that the cart has"
        raise invalid("FIELD_INVALID", {"promo_codes": text})
    content.promo_codes = list(keys)


def remove_codes(content: CartContent, codes: Iterable[str]) -> None:
    """Removes codes of promotions; those that the cart does not have are gone already."""
    gone = set(map(code_key, codes))
    content.promo_codes = [key for key in content.promo_codes if key not in gone]


def require_currency(market: Market, currency_code: str) -> None:
    """Refuses to start a cart in another currency than its region's; "" is any.

    Raises:
        InvalidArgument: CURRENCY_UNKNOWN.
    """
    if currency_code not in ("", market.currency_code):
        text = f"must be {market.currency_code.lower()}, in which the region sells"
        raise invalid("CURRENCY_UNKNOWN", {"currency_code": text})


def _move(content: CartContent, market: Market) -> None:
    """Moves a cart to a region; what was said of the old one's countries goes."""
    if content.region_id == market.id:
        return
    content.region_id = market.id
    content.is_taxed = False
    for field in ("shipping_address", "billing_address"):
        address: Address | None = getattr(content, field)
        if address is not None and address.country_code not in market.countries:
            setattr(content, field, None)
    if market.only_country and content.shipping_address is None:
        content.shipping_address = Address(country_code=market.only_country)


def _email(text: str) -> str:
    email = canonical_email(text)
    if email and not is_email(email):
        raise invalid("FIELD_INVALID", {"email": "must be an e-mail address"})
    return email


def _address(requested: pb.Address, content: CartContent, field: str, market: Market) -> Address:
    """Returns an address as the cart keeps it: what the mask leaves out stays as it was.

    A region with one country needs no country code. Goods go only to countries of the region.
    """
    stored: Address = getattr(content, field) or Address(country_code=market.only_country)
    paths = set(requested.update_mask.paths) or set(_ADDRESS_FIELDS)
    values = {name: getattr(requested, name) for name in _ADDRESS_FIELDS if name in paths}
    if "metadata" in values:
        values["metadata"] = merged(stored.metadata, struct_json(requested.metadata))
    if not values.get("country_code"):
        values["country_code"] = stored.country_code or market.only_country
    result = stored.model_copy(update=values)
    country = result.country_code
    if country and not is_country(country):
        text = "must be an ISO 3166-1 alpha-2 code, for example fr"
        raise invalid("FIELD_INVALID", {f"{field}.country_code": text})
    if country and field == "shipping_address" and country not in market.countries:
        known = ", ".join(code.lower() for code in market.countries)
        raise invalid("COUNTRY_NOT_IN_REGION", {f"{field}.country_code": f"must be one of {known}"})
    return result


def stored_metadata(struct: Struct) -> Metadata | None:
    """Returns metadata as it is stored; None if empty."""
    return struct_json(struct) or None
