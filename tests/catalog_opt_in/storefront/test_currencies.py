"""Prices in another currency than the tenant's: the catalogue's, or none; nothing is converted."""

import json
from typing import Any

import pytest
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb

from services.kernel.call.errors import InvalidArgument
from tests.catalog_opt_in.builders import dinars, euros, flavoured, id_of, own_price

PRICE_MISSING = [pb.VariantQuote.REASON_PRICE_MISSING]


@pytest.fixture
async def product(create, opt_in, tenants):
    """Sold by one tenant in euros at a price of its own, by the other in dinars; Salt in euros."""
    paris, lyon = tenants
    variants = flavoured("Plain", "Salt", prices=[euros(20)])
    variants["variants"][0].prices.append(dinars(60, 500))
    made = await create(**variants)
    await opt_in(paris, made, prices=[own_price(made.variants[0], euros(25))])
    await opt_in(lyon, made, currency="TND", prices=[own_price(made.variants[0], dinars(70))])
    return made


def prices_of(document):
    """The price of each variant of a product, and its currency."""
    prices = [variant["calculated_price"] for variant in document["variants"]]
    return [one and (one["calculated_amount"], one["currency_code"]) for one in prices]


async def test_a_tenants_own_prices_hold_in_its_own_currency_alone(store, product, tenants):
    paris, lyon = tenants

    async def quoted(tenant, currency):
        request = pb.QuoteVariantsRequest(
            parent=f"tenants/{tenant}",
            variants=[variant.id for variant in product.variants],
            currency_code=currency,
        )
        quotes = (await store(tenant).QuoteVariants(request)).quotes
        return [list(one.reasons) or (one.price_minor, one.currency_code) for one in quotes]

    assert await quoted(paris, "") == await quoted(paris, "EUR") == [(2500, "EUR"), (2000, "EUR")]
    assert await quoted(paris, "TND") == [(60_500, "TND"), PRICE_MISSING]
    assert await quoted(lyon, "TND") == [(70_000, "TND"), PRICE_MISSING]
    assert await quoted(lyon, "EUR") == [(2000, "EUR"), (2000, "EUR")]
    assert await quoted(lyon, "USD") == [PRICE_MISSING, PRICE_MISSING]


async def test_documents_show_the_catalogues_price_or_none(store, product, tenants):
    # What is shown is decided by the tenant's own currency: lyon does not sell Salt.
    expected: dict[tuple[str, str], list[Any]] = {
        (tenants[0], "TND"): [(60.5, "tnd"), None],
        (tenants[0], "USD"): [None, None],
        (tenants[1], "EUR"): [(20, "eur")],
        (tenants[1], "USD"): [None],
    }
    for (tenant, currency), prices in expected.items():
        parent, shop = f"tenants/{tenant}", store(tenant)
        one = await shop.GetStoreProduct(
            pb.GetStoreProductRequest(
                name=f"{parent}/storeProducts/{id_of(product)}", currency_code=currency
            )
        )
        page = await shop.ListStoreProducts(
            pb.ListStoreProductsRequest(parent=parent, currency_code=currency)
        )
        variants = await shop.ListStoreVariants(
            pb.ListStoreVariantsRequest(parent=parent, currency_code=currency)
        )
        assert prices_of(json.loads(one.document)) == prices
        assert [prices_of(json.loads(document)) for document in page.documents] == [prices]
        assert page.total_size == 1
        listed = {"variants": [json.loads(document) for document in variants.documents]}
        assert set(prices_of(listed)) == set(prices)
        plain = await shop.GetStoreProduct(
            pb.GetStoreProductRequest(name=f"{parent}/storeProducts/{id_of(product)}")
        )
        same, other = [json.loads(answer.document) for answer in (plain, one)]
        for document in (same, other):
            for variant in document["variants"]:
                del variant["calculated_price"]
        assert same == other


async def test_a_currency_that_is_none_is_refused(store, tenants):
    for tenant in tenants:
        shop, parent = store(tenant), f"tenants/{tenant}"
        for currency in ("XXX", "eur", "€"):
            with pytest.raises(InvalidArgument, match="ISO 4217"):
                await shop.ListStoreProducts(
                    pb.ListStoreProductsRequest(parent=parent, currency_code=currency)
                )
            with pytest.raises(InvalidArgument, match="ISO 4217"):
                await shop.QuoteVariants(
                    pb.QuoteVariantsRequest(
                        parent=parent, variants=["variant_1"], currency_code=currency
                    )
                )
