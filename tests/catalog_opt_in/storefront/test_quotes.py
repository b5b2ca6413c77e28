"""StorefrontService: what variants cost, and whether they are sold."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import catalog_service_pb2 as catalog
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.catalog_opt_in.v1.storefront_service_pb2_grpc import StorefrontServiceStub

from services.kernel.call.errors import InvalidArgument, NotFound, PermissionDenied
from tests.catalog_opt_in.builders import dinars, euros, flavoured, id_of, own_price, unique
from tests.catalog_opt_in.conftest import SERVICE

UNKNOWN = [pb.VariantQuote.REASON_UNKNOWN]
PRICE_MISSING = [pb.VariantQuote.REASON_PRICE_MISSING]
HIDDEN = listings.Listing.STATE_HIDDEN


@pytest.fixture
def quote(store):
    """Asks what variants cost at a tenant: the quotes, and the version."""

    async def ask(tenant, *variants, locales=()):
        request = pb.QuoteVariantsRequest(
            parent=f"tenants/{tenant}", variants=variants, locales=locales
        )
        answer = await store(tenant).QuoteVariants(request)
        return list(answer.quotes), answer.catalogue_version

    return ask


@pytest.fixture
def translate(catalogue):
    async def make(reference_id, locale="ar", **texts):
        made = products.Translation(reference_id=reference_id, locale=locale, texts=texts)
        request = catalog.BatchChangeTranslationsRequest(creates=[made])
        await catalogue().BatchChangeTranslations(request)

    return make


def ids(*made):
    return [variant.id for product in made for variant in product.variants]


def reasons(quotes):
    return [list(quote.reasons) for quote in quotes]


async def test_each_tenant_is_quoted_its_own_price_in_its_own_currency(
    create, opt_in, quote, storefront_page, tenants
):
    product = await create(**flavoured("Plain", "Salt", prices=[euros(20), dinars(60, 500)]))
    paris, lyon = tenants
    await opt_in(paris, product, prices=[own_price(product.variants[0], euros(25, 50))])
    await opt_in(lyon, product, currency="TND")

    answers = {tenant: await quote(tenant, *ids(product)) for tenant in tenants}

    found = {
        tenant: [(one.variant_id, one.price_minor, one.currency_code) for one in quotes]
        for tenant, (quotes, _) in answers.items()
    }
    plain, salt = ids(product)
    assert found == {
        paris: [(plain, 2550, "EUR"), (salt, 2000, "EUR")],
        lyon: [(plain, 60500, "TND"), (salt, 60500, "TND")],
    }
    for tenant, (quotes, version) in answers.items():
        assert reasons(quotes) == [[], []]
        assert version == (await storefront_page(tenant))[1].catalogue_version > 0


async def test_quotes_come_in_the_order_asked_for(create, opt_in, quote, tenants):
    made = [await create() for _ in range(2)]
    for tenant in tenants:
        for product in made:
            await opt_in(tenant, product)
    first, second, third, fourth = ids(*made)
    order = [fourth, first, "variant_none", third, second]

    for tenant in tenants:
        quotes, _ = await quote(tenant, *order)
        assert [one.variant_id for one in quotes] == order
        assert reasons(quotes) == [[], [], UNKNOWN, [], []]


async def test_a_variant_not_shown_is_as_unknown_as_one_that_nobody_has(
    create, change, opt_in, selling, quote, tenants
):
    paris, lyon = tenants
    made = {
        name: await create()
        for name in ("foreign", "hidden", "withdrawn", "unpublished", "unlisted")
    }
    made["unpriced"] = await create(**flavoured("Plain", prices=[dinars(60)]))
    for name, product in made.items():
        await opt_in(lyon, product, currency="TND")
        if name == "unlisted":
            listing = await opt_in(paris, product)
            request = listings.DeleteListingRequest(name=listing.name)
            await selling(paris).DeleteListing(request)
        elif name != "foreign":
            await opt_in(paris, product, **{"state": HIDDEN} if name == "hidden" else {})
    sold = await create()
    for tenant, currency in zip(tenants, ("EUR", "TND"), strict=True):
        await opt_in(tenant, sold, currency=currency)
    # Sold until then.
    assert (
        reasons((await quote(paris, *ids(made["withdrawn"], made["unpublished"])))[0]) == [[]] * 4
    )
    for name, status in (
        ("withdrawn", products.Product.STATUS_REJECTED),
        ("unpublished", products.Product.STATUS_DRAFT),
    ):
        product = made[name]
        await change(products.Product(name=product.name, status=status), "status")

    for name, product in made.items():
        own, unknown = product.variants[0].id, f"variant_{unique('none')}"
        quotes, _ = await quote(paris, own, unknown, sold.variants[0].id)
        assert reasons(quotes) == [UNKNOWN, UNKNOWN, []], name
        for one in quotes[:2]:
            assert one == pb.VariantQuote(variant_id=one.variant_id, reasons=UNKNOWN)
        is_gone = name in ("withdrawn", "unpublished")
        quotes, _ = await quote(lyon, own)
        assert reasons(quotes) == [UNKNOWN if is_gone else []], name


async def test_a_variant_without_a_price_is_not_sold_though_its_product_is(
    create, opt_in, quote, tenants
):
    priced, unpriced = flavoured("Plain"), flavoured("Salt", prices=[dinars(60)])
    options = [
        products.Option(
            title="Flavour", values=[products.OptionValue(value=v) for v in ("Plain", "Salt")]
        )
    ]
    product = await create(options=options, variants=priced["variants"] + unpriced["variants"])
    paris, lyon = tenants
    await opt_in(paris, product)
    await opt_in(lyon, product, prices=[own_price(product.variants[1], euros(9))])

    (plain, salt), _ = await quote(paris, *ids(product))
    (_, own), _ = await quote(lyon, *ids(product))

    assert (plain.reasons, plain.price_minor) == ([], 2990)
    assert salt == pb.VariantQuote(variant_id=salt.variant_id, reasons=PRICE_MISSING)
    assert (own.reasons, own.price_minor) == ([], 900)


async def test_a_removed_variant_is_unknown(create, change, opt_in, quote, tenants):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)
    changed = products.Product(name=product.name, variants=product.variants[:1])

    await change(changed, "variants")

    for tenant in tenants:
        quotes, _ = await quote(tenant, *ids(product))
        assert reasons(quotes) == [[], UNKNOWN]


async def test_prices_for_quantities_are_the_catalogues_for_everybody(
    create, opt_in, quote, tenants
):
    made = flavoured("Plain", prices=[euros(20), dinars(60)])
    made["variants"][0].conditional_prices.extend(
        [
            products.ConditionalPrice(amount=euros(18), min_quantity=5, max_quantity=9),
            products.ConditionalPrice(amount=euros(15), min_quantity=10),
            products.ConditionalPrice(amount=dinars(50), min_quantity=10),
            products.ConditionalPrice(amount=euros(1), rules={"customer_group_id": "vip"}),
        ]
    )
    product = await create(**made)
    paris, lyon = tenants
    await opt_in(paris, product)
    await opt_in(lyon, product, prices=[own_price(product.variants[0], euros(25))])

    [at_catalogue_price], _ = await quote(paris, *ids(product))
    [at_own_price], _ = await quote(lyon, *ids(product))

    tiers = at_catalogue_price.quantity_prices
    found = [(one.price_minor, one.min_quantity, one.max_quantity) for one in tiers]
    assert found == [(2000, 1, 4), (1800, 5, 9), (1500, 10, 0)]
    assert (at_own_price.price_minor, list(at_own_price.quantity_prices)) == (2500, [])


async def test_a_quote_has_what_carts_keep_of_a_variant(
    create, opt_in, quote, collection, category, tenants
):
    made = flavoured("Plain", "Salt")
    plain, salt = made["variants"]
    plain.MergeFrom(
        products.Variant(
            title="One kilo",
            barcode="400",
            weight_grams=1000,
            length=1,
            width=2,
            height=3,
            hs_code="v-hs",
            mid_code="v-mid",
            origin_country="de",
            material="Glass",
            manage_inventory=False,
            allow_backorder=True,
            inventory_items=[
                products.InventoryItem(inventory_item_id="iitem_1", required_quantity=2)
            ],
        )
    )
    summer, top = await collection(), await category()
    inner = await category(parent=top.name)
    details = {
        "subtitle": "Pure",
        "description": "Two\nlines",
        "thumbnail": "https://example.com/a.png",
        "weight": 900,
        "length": 11,
        "width": 12,
        "height": 13,
        "hs_code": "p-hs",
        "mid_code": "p-mid",
        "origin_country": "fr",
        "material": "Paper",
        "discountable": False,
        "is_giftcard": True,
        "shipping_profile_id": "sp_1",
    }
    product = await create(
        **made,
        **details,
        collection=summer.name,
        categories=[inner.name],
        tags=[unique("tag")],
        type=unique("type"),
    )
    for tenant in tenants:
        await opt_in(tenant, product)

    for tenant in tenants:
        (first, second), _ = await quote(tenant, *ids(product))
        assert first == pb.VariantQuote(
            variant_id=ids(product)[0],
            price_minor=2990,
            original_price_minor=2990,
            currency_code="EUR",
            title="One kilo",
            sku=plain.sku,
            barcode="400",
            options={"Flavour": "Plain"},
            weight_grams=1000,
            length=1,
            width=2,
            height=3,
            hs_code="v-hs",
            mid_code="v-mid",
            origin_country="de",
            material="Glass",
            allow_backorder=True,
            inventory_items=[
                products.InventoryItem(inventory_item_id="iitem_1", required_quantity=2)
            ],
            product=pb.QuotedProduct(
                id=id_of(product),
                title=product.title,
                subtitle="Pure",
                description="Two\nlines",
                handle=product.handle,
                thumbnail="https://example.com/a.png",
                type_id=product.type_detail.name.rpartition("/")[2],
                type=product.type,
                collection_id=id_of(summer),
                category_ids=[id_of(inner)],
                tag_ids=[id_of(product.tag_details[0])],
                is_giftcard=True,
                shipping_profile_id="sp_1",
            ),
        )
        assert (second.sku, second.options, second.manage_inventory) == (
            salt.sku,
            {"Flavour": "Salt"},
            True,
        )
        goods = ("length", "width", "height", "hs_code", "mid_code", "origin_country", "material")
        assert second.weight_grams == 900
        assert {field: getattr(second, field) for field in goods} == {
            field: details[field] for field in goods
        }


async def test_texts_of_a_quote_are_in_the_first_locale_that_has_each(
    create, opt_in, quote, translate, tenants
):
    product = await create(**flavoured("Plain"), material="Paper", type=unique("type"))
    for tenant in tenants:
        await opt_in(tenant, product)
    [option], [variant] = product.options, product.variants
    await translate(id_of(product), title="بروتين", material="ورق")
    await translate(variant.id, title="كيلو")
    await translate(option.id, title="نكهة")
    await translate(option.values[0].id, value="سادة")
    await translate(id_of(product.type_detail), value="مسحوق")
    await translate(id_of(product), locale="de", title="Eiweiß")

    for tenant in tenants:
        [arabic], _ = await quote(tenant, variant.id, locales=["fr", "ar", "de"])
        [german], _ = await quote(tenant, variant.id, locales=["de", "ar"])
        [plain], _ = await quote(tenant, variant.id, locales=["fr"])

        texts = arabic.product.title, arabic.product.type, arabic.title, arabic.material
        assert texts == ("بروتين", "مسحوق", "كيلو", "ورق")
        assert arabic.options == {"نكهة": "سادة"}
        assert (german.product.title, german.options) == ("Eiweiß", {"نكهة": "سادة"})
        assert plain.product.title == product.title


async def test_two_hundred_variants_are_quoted_at_once_and_no_more(create, opt_in, quote, tenants):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)
    others = [f"variant_{number}" for number in range(199)]

    for tenant in tenants:
        quotes, _ = await quote(tenant, *others, ids(product)[0])
        assert reasons(quotes) == [UNKNOWN] * 199 + [[]]
        with pytest.raises(InvalidArgument) as refused:
            await quote(tenant, *others, *ids(product))
        assert list(refused.value.violations) == ["variants"]


@pytest.mark.parametrize(
    ("variants", "field"),
    [([], "variants"), (["variant_1", "variant_2", "variant_1"], "variants[2]")],
)
async def test_a_request_without_variants_or_with_one_twice_is_refused(
    quote, tenants, variants, field
):
    for tenant in tenants:
        with pytest.raises(InvalidArgument) as refused:
            await quote(tenant, *variants)
        assert refused.value.reason == "FIELD_INVALID"
        assert list(refused.value.violations) == [field]


async def test_a_tenant_that_sells_nothing_knows_no_variant(create, opt_in, quote, tenants):
    product = await create()
    paris, lyon = tenants
    await opt_in(paris, product)

    assert reasons((await quote(paris, *ids(product)))[0]) == [[], []]
    quotes, version = await quote(lyon, *ids(product))
    assert (reasons(quotes), version) == ([UNKNOWN, UNKNOWN], 0)


async def test_only_the_tenants_own_open_shop_is_quoted(
    create, opt_in, quote, store, scoped_stub, tenants
):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)
    paris, lyon = tenants
    request = pb.QuoteVariantsRequest(parent=f"tenants/{paris}", variants=ids(product))

    with pytest.raises(PermissionDenied) as foreign:
        await store(lyon).QuoteVariants(request)
    assert foreign.value.reason == "SCOPE_MISMATCH"
    for state in ("provisioning", "suspended", "archived"):
        shopper = {"tenant": paris, "permissions": {"storefront:read"}}
        stub = scoped_stub(StorefrontServiceStub, SERVICE, tenant_state=state, **shopper)
        with pytest.raises(NotFound) as closed:
            await stub.QuoteVariants(request)
        assert closed.value.reason == "SHOP_UNKNOWN"


async def test_a_change_of_a_price_raises_the_version(create, opt_in, selling, quote, tenants):
    product = await create()
    paris, lyon = tenants
    listing = await opt_in(paris, product)
    await opt_in(lyon, product)
    versions = {tenant: (await quote(tenant, *ids(product)))[1] for tenant in tenants}
    changed = listings.Listing(
        name=listing.name, prices=[own_price(product.variants[0], euros(10))]
    )

    await selling(paris).UpdateListing(
        listings.UpdateListingRequest(listing=changed, update_mask=FieldMask(paths=["prices"]))
    )

    [first, _], version = await quote(paris, *ids(product))
    assert first.price_minor == 1000
    assert version > versions[paris]
    [first, _], version = await quote(lyon, *ids(product))
    assert (first.price_minor, version) == (2990, versions[lyon])
