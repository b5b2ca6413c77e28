"""What the tests of the catalogue make again and again."""

import uuid

from google.type.money_pb2 import Money
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import product_pb2 as pb


def unique(word):
    return f"{word}-{uuid.uuid4().hex[:12]}"


def euros(units, cents=0):
    return Money(currency_code="EUR", units=units, nanos=cents * 10_000_000)


def dinars(units, millimes=0):
    return Money(currency_code="TND", units=units, nanos=millimes * 1_000_000)


def flavoured(*flavours, prices=None):
    """An option, and a variant of each of its values."""
    variant_prices = [euros(29, 90), dinars(89, 500)] if prices is None else prices
    return {
        "options": [pb.Option(title="Flavour", values=[pb.OptionValue(value=f) for f in flavours])],
        "variants": [
            pb.Variant(sku=unique("SKU"), options={"Flavour": f}, prices=variant_prices)
            for f in flavours
        ],
    }


def product_of(**fields):
    """A released product in two flavours, but for what the test says."""
    sound = {
        "title": unique("Whey"),
        "status": pb.Product.STATUS_PUBLISHED,
        **flavoured("Chocolate", "Vanilla"),
    }
    return pb.Product(**sound | fields)


def own_price(variant, price):
    return listings.VariantPrice(variant=variant.id, price=price)


def id_of(resource):
    return resource.name.rpartition("/")[2]
