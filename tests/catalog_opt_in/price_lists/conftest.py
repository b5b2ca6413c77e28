"""Price lists as staff of a tenant call them, and what shoppers see and are quoted."""

from datetime import UTC, datetime, timedelta

import pytest
from souk.catalog_opt_in.v1 import price_list_service_pb2 as pb
from souk.catalog_opt_in.v1 import storefront_service_pb2 as storefronts
from souk.catalog_opt_in.v1.price_list_service_pb2_grpc import PriceListServiceStub

from services.kernel.call.times import message_of
from tests.catalog_opt_in.builders import dinars, euros, flavoured, id_of
from tests.catalog_opt_in.conftest import SERVICE

PRICING = {"pricelist:read", "pricelist:write"}
SALE, OVERRIDE = pb.PriceList.TYPE_SALE, pb.PriceList.TYPE_OVERRIDE
ACTIVE = pb.PriceList.STATUS_ACTIVE


def after(**span):
    """A time that is so far from now, as a message."""
    return message_of(datetime.now(UTC) + timedelta(**span))


def price_of(variant, price, **quantities):
    return pb.PriceListPrice(variant=variant.id, price=price, **quantities)


@pytest.fixture
def pricing(scoped_stub):
    """A tenant's price lists, as its staff call them."""
    return lambda tenant, currency="EUR": scoped_stub(
        PriceListServiceStub, SERVICE, tenant=tenant, currency=currency, permissions=PRICING
    )


@pytest.fixture
def price_list(pricing):
    """Makes a list that is active, a sale for everybody unless the test says otherwise."""

    async def make(tenant, *prices, currency="EUR", **fields):
        sound = {"title": "A list", "status": ACTIVE, **fields}
        request = pb.CreatePriceListRequest(
            parent=f"tenants/{tenant}", price_list=pb.PriceList(prices=prices, **sound)
        )
        return await pricing(tenant, currency).CreatePriceList(request)

    return make


@pytest.fixture
async def product(create, opt_in, tenants):
    """Two variants that both tenants sell for 20 euros, and the first for 60 dinars."""
    variants = flavoured("Plain", "Salt", prices=[euros(20)])
    variants["variants"][0].prices.append(dinars(60))
    made = await create(**variants)
    for tenant in tenants:
        await opt_in(tenant, made)
    return made


@pytest.fixture
def calculated(look_up, product):
    """What a shop shows of its variants' prices."""

    async def read(tenant):
        document = await look_up(tenant, id_of(product))
        return [variant["calculated_price"] for variant in document["variants"]]

    return read


@pytest.fixture
def amounts(calculated):
    """What a shop's variants cost, and without sales."""

    async def read(tenant):
        prices = await calculated(tenant)
        return [(price["calculated_amount"], price["original_amount"]) for price in prices]

    return read


@pytest.fixture
def quote(store, product):
    """Asks what the variants cost at a tenant."""

    async def ask(tenant, *groups, currency=""):
        request = storefronts.QuoteVariantsRequest(
            parent=f"tenants/{tenant}",
            variants=[variant.id for variant in product.variants],
            customer_groups=groups,
            currency_code=currency,
        )
        return list((await store(tenant).QuoteVariants(request)).quotes)

    return ask


@pytest.fixture
def quoted(quote):
    """What the variants cost at a tenant, and without sales; 0 if they are not sold."""

    async def ask(tenant, *groups, currency=""):
        quotes = await quote(tenant, *groups, currency=currency)
        return [(one.price_minor, one.original_price_minor) for one in quotes]

    return ask
