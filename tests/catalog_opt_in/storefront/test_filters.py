"""StorefrontService: products by their variants, options, times and prices."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.kernel.v1.times_pb2 import TimeRange

from services.kernel.call.errors import InvalidArgument
from tests.catalog_opt_in.builders import dinars, euros, flavoured, id_of, own_price, unique


@pytest.fixture
def found(storefront_page):
    """Reads the ids of the products for which each condition holds: one of its filters does."""

    async def read(tenant, *conditions, **others):
        documents, answer = await storefront_page(
            tenant,
            conditions=[pb.StoreProductCondition(filters=filters) for filters in conditions],
            **others,
        )
        assert answer.total_size == len(documents)
        return [document["id"] for document in documents]

    return read


_LAST = datetime.max.replace(tzinfo=UTC)


def by(**fields):
    return pb.StoreProductFilter(**fields)


def by_variant(**fields):
    return pb.StoreProductFilter(variant=pb.StoreVariantFilter(**fields))


def stamp(time):
    message = Timestamp()
    message.FromDatetime(time)
    return message


async def test_each_filter_of_a_product_and_its_variants_finds_what_it_names(
    create, opt_in, look_up, found, tenants
):
    one, other = await create(title=unique("Whey")), await create()
    for tenant in tenants:
        await opt_in(tenant, one)
        await opt_in(tenant, other)
    document = await look_up(tenants[0], one.handle)
    [option] = document["options"]
    chocolate, vanilla = option["values"]

    for filter_ in (
        by(ids=[id_of(one)]),
        by(handles=[one.handle]),
        by(titles=[one.title, "Nothing"]),
        by_variant(skus=[one.variants[1].sku]),
        by_variant(option_value_ids=[chocolate["id"]]),
        by_variant(option_value_ids=[chocolate["id"], vanilla["id"], vanilla["id"]]),
        by_variant(option_id=option["id"]),
        by_variant(option_id=option["id"], option_value="Vanilla"),
        by_variant(option_id=option["id"], option_value="Vanilla", skus=[one.variants[1].sku]),
    ):
        for tenant in tenants:
            assert await found(tenant, [filter_]) == [id_of(one)], filter_
    for filter_ in (
        by(titles=[one.title.upper()]),
        by_variant(option_id=option["id"], option_value="Vanilla", skus=[one.variants[0].sku]),
        by_variant(option_value_ids=[chocolate["id"], "optval_none"]),
    ):
        for tenant in tenants:
            assert await found(tenant, [filter_]) == [], filter_


async def test_gift_cards_are_told_from_goods(create, change, opt_in, storefront_page, tenants):
    card, goods = await create(is_giftcard=True), await create()
    both = [id_of(card), id_of(goods)]
    for tenant in tenants:
        for product in (card, goods):
            await opt_in(tenant, product)

    async def found(tenant, **filters):
        documents, answer = await storefront_page(tenant, ids=both, **filters)
        assert answer.total_size == len(documents)
        return {document["id"] for document in documents}

    for tenant in tenants:
        assert await found(tenant, is_giftcard=True) == {id_of(card)}
        assert await found(tenant, is_giftcard=False) == {id_of(goods)}
        assert await found(tenant) == set(both)
    card.is_giftcard = False
    await change(card, "is_giftcard")
    for tenant in tenants:
        assert await found(tenant, is_giftcard=True) == set()


async def test_all_conditions_hold_and_of_each_one_filter(create, opt_in, found, tenants):
    made = [await create() for _ in range(3)]
    for tenant in tenants:
        for product in made:
            await opt_in(tenant, product)
    first, second, third = map(id_of, made)

    for tenant in tenants:
        assert set(await found(tenant, [by(ids=[first]), by(ids=[second])])) == {first, second}
        assert await found(tenant, [by(ids=[first]), by(ids=[second])], [by(ids=[second])]) == [
            second
        ]
        assert await found(tenant, [by(ids=[first])], ids=[third]) == []
        assert len(await found(tenant, [by(ids=[first]), by()])) == 3


async def test_a_variant_that_a_shop_does_not_sell_finds_nothing_there(
    create, opt_in, found, tenants
):
    paris, lyon = tenants
    product = await create(**flavoured("Chocolate", "Vanilla", prices=[dinars(89)]))
    chocolate, vanilla = product.variants
    await opt_in(paris, product, prices=[own_price(chocolate, euros(10))])
    await opt_in(lyon, product, prices=[own_price(vanilla, euros(20))])

    for tenant, sold, unsold in ((paris, chocolate, vanilla), (lyon, vanilla, chocolate)):
        assert await found(tenant, [by_variant(skus=[sold.sku])]) == [id_of(product)]
        assert await found(tenant, [by_variant(skus=[unsold.sku])]) == []


async def test_prices_are_those_of_the_cheapest_variant_in_this_shop(
    create, opt_in, found, selling, tenants
):
    paris, lyon = tenants
    cheap, dear = [await create(**flavoured("A", "B", prices=[euros(n)])) for n in (10, 30)]
    for tenant in tenants:
        for product in (cheap, dear):
            await opt_in(tenant, product)
    listing = listings.Listing(
        name=f"tenants/{lyon}/listings/{id_of(dear)}",
        prices=[own_price(dear.variants[1], euros(5))],
    )
    await selling(lyon).UpdateListing(
        listings.UpdateListingRequest(listing=listing, update_mask=FieldMask(paths=["prices"]))
    )

    for tenant, order in ((paris, [cheap, dear]), (lyon, [dear, cheap])):
        ids = [id_of(product) for product in order]
        assert await found(tenant, order_by="price") == ids
        assert await found(tenant, order_by="-price") == ids[::-1]
    for tenant, below in ((paris, [cheap]), (lyon, [dear, cheap])):
        limit = by(most_price_minor=1000)
        assert await found(tenant, [limit], order_by="price") == [id_of(p) for p in below]
    assert await found(paris, [by(least_price_minor=1001)]) == [id_of(dear)]
    assert await found(lyon, [by(least_price_minor=500, most_price_minor=999)]) == [id_of(dear)]


async def test_times_are_compared_in_the_milliseconds_that_shoppers_read(
    create, opt_in, found, look_up, tenants
):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)
    for tenant in tenants:
        document = await look_up(tenant, product.handle)
        for field in ("created_at", "updated_at"):
            at = datetime.fromisoformat(document[field]).astimezone(UTC)
            moment, after = stamp(at), stamp(at + timedelta(milliseconds=1))
            for bounds in (
                TimeRange(eq=moment),
                TimeRange(gte=moment, lte=moment),
                TimeRange(lt=after),
                TimeRange(lte=stamp(_LAST)),
            ):
                assert await found(tenant, [by(**{field: bounds})]) == [id_of(product)], bounds
            for bounds in (
                TimeRange(gt=moment),
                TimeRange(lt=moment),
                TimeRange(gt=stamp(_LAST)),
                TimeRange(eq=moment, gte=after),
            ):
                assert await found(tenant, [by(**{field: bounds})]) == [], bounds


@pytest.mark.parametrize(
    "filter_",
    [
        by_variant(option_value="Vanilla"),
        by(titles=["x"] * 51),
        by(created_at=TimeRange(gt=Timestamp(seconds=1 << 60))),
    ],
)
async def test_a_filter_that_says_nothing_is_refused(found, tenants, filter_):
    for tenant in tenants:
        with pytest.raises(InvalidArgument):
            await found(tenant, [filter_])


async def test_variants_are_listed_where_they_are_sold(create, opt_in, store, tenants):
    paris, lyon = tenants
    product = await create(**flavoured("Chocolate", "Vanilla", prices=[dinars(89)]))
    chocolate, vanilla = product.variants
    await opt_in(paris, product, prices=[own_price(chocolate, euros(10))])
    await opt_in(lyon, product, prices=[own_price(vanilla, euros(20))])
    unsold = await create(**flavoured("Salt", prices=[dinars(1)]))
    hidden = await create()
    for tenant in tenants:
        await opt_in(tenant, unsold)
        await opt_in(tenant, hidden, state=listings.Listing.STATE_HIDDEN)

    for tenant, sold, amount in ((paris, chocolate, 10), (lyon, vanilla, 20)):
        parent = f"tenants/{tenant}"
        answer = await store(tenant).ListStoreVariants(pb.ListStoreVariantsRequest(parent=parent))
        [document] = map(json.loads, answer.documents)
        assert (document["sku"], answer.total_size) == (sold.sku, 1)
        assert document["calculated_price"]["calculated_amount"] == amount
        assert document["product"]["id"] == id_of(product)
        answer = await store(tenant).ListStoreOptions(pb.ListStoreOptionsRequest(parent=parent))
        [document] = map(json.loads, answer.documents)
        assert [value["value"] for value in document["values"]] == [sold.options["Flavour"]]
        assert answer.total_size == 1


async def test_parts_are_found_by_all_words_of_a_query_and_not_by_none(
    create, opt_in, store, tenants
):
    word = unique("Crème")
    option = products.Option(title=f"{word} goût", values=[products.OptionValue(value="Vanille")])
    variant = products.Variant(title=f"{word} à la vanille", prices=[euros(1)])
    product = await create(options=[option], variants=[variant])
    for tenant in tenants:
        await opt_in(tenant, product)

    for tenant in tenants:
        parent = f"tenants/{tenant}"
        for query, counts in (
            (f"VANILLE {word}", (1, 0)),
            (f"goût {word}", (0, 1)),
            (f"{word} fraise", (0, 0)),
            ("'", (0, 0)),
            (" ", (1, 1)),
        ):
            found = await store(tenant).ListStoreVariants(
                pb.ListStoreVariantsRequest(parent=parent, query=query)
            )
            options = await store(tenant).ListStoreOptions(
                pb.ListStoreOptionsRequest(parent=parent, query=query)
            )
            assert (found.total_size, options.total_size) == counts, query
