"""Updates of products: masks, parts that keep their ids, and stale versions."""

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products

from services.kernel.call.errors import (
    Aborted,
    InvalidArgument,
)
from tests.catalog_opt_in.builders import euros, id_of


async def read(catalogue, name):
    return await catalogue().GetProduct(pb.GetProductRequest(name=name))


async def test_only_the_masked_fields_change(catalogue, create, change):
    made = await create(subtitle="Before")

    update = products.Product(name=made.name, subtitle="After", title="Not asked for")
    changed = await change(update, "subtitle")

    assert changed.subtitle == "After"
    assert changed.title == made.title
    assert changed.variants == made.variants
    assert await read(catalogue, made.name) == changed


async def test_parts_keep_their_ids_and_those_not_named_are_removed(catalogue, create, change):
    made = await create()
    second = made.variants[1]
    second.title = "Vanilla, renamed"
    new = products.Variant(options={"Flavour": "Banana"}, prices=[euros(5)])
    option = products.Option(
        title="Flavour",
        values=[products.OptionValue(value="Vanilla"), products.OptionValue(value="Banana")],
    )

    changed = await change(
        products.Product(name=made.name, options=[option], variants=[second, new]),
        "options",
        "variants",
    )

    assert await read(catalogue, made.name) == changed
    assert [v.title for v in changed.variants] == ["Vanilla, renamed", "Banana"]
    assert changed.variants[0].id == second.id
    assert changed.options[0].id == made.options[0].id
    assert changed.options[0].values[0].id == made.options[0].values[1].id


async def test_a_partial_variant_keeps_what_it_does_not_name_in_every_shop(
    catalogue, create, change, opt_in, look_up, tenants
):
    made = await create()
    first = made.variants[0]
    for tenant in tenants:
        await opt_in(tenant, made)
    part = products.Variant(id=first.id, title="Renamed", update_mask=FieldMask(paths=["title"]))

    changed = await change(products.Product(name=made.name, variants=[part]), "variants")

    [variant] = changed.variants
    assert (variant.id, variant.title, variant.sku) == (first.id, "Renamed", first.sku)
    assert (variant.options, list(variant.prices)) == (first.options, list(first.prices))
    assert await read(catalogue, made.name) == changed
    for tenant in tenants:
        document = await look_up(tenant, id_of(made))
        assert [item["sku"] for item in document["variants"]] == [first.sku]


async def test_a_variant_whose_mask_names_an_empty_field_loses_it(create, change):
    made = await create()
    parts = [
        products.Variant(id=variant.id, update_mask=FieldMask(paths=["sku", "prices"]))
        for variant in made.variants
    ]

    changed = await change(products.Product(name=made.name, variants=parts), "variants")

    assert [(v.sku, list(v.prices)) for v in changed.variants] == [("", [])] * 2
    assert [v.options for v in changed.variants] == [v.options for v in made.variants]


async def test_an_option_renamed_by_its_id_keeps_its_values_and_the_variants_choices(
    create, change
):
    made = await create()
    part = products.Option(id=made.options[0].id, title="Taste")

    changed = await change(products.Product(name=made.name, options=[part]), "options")

    assert changed.options[0].values == made.options[0].values
    assert [dict(v.options) for v in changed.variants] == [
        {"Taste": "Chocolate"},
        {"Taste": "Vanilla"},
    ]


async def test_an_image_may_change_its_address_and_a_new_one_takes_the_old(create, change):
    made = await create(images=[products.Image(url="https://a.example/a")])
    parts = [
        products.Image(id=made.images[0].id, url="https://a.example/b"),
        products.Image(url="https://a.example/a"),
    ]

    changed = await change(products.Product(name=made.name, images=parts), "images")

    assert [image.url for image in changed.images] == ["https://a.example/b", "https://a.example/a"]
    assert changed.images[0].id == made.images[0].id != changed.images[1].id


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("images", products.Image(url="https://a.example/a")),
        ("options", products.Option(title="A", values=[products.OptionValue(value="1")])),
        ("variants", products.Variant(options={"Flavour": "Vanilla"})),
    ],
)
async def test_a_part_of_another_product_or_one_listed_twice_is_refused(
    create, change, field, part
):
    images = [products.Image(url="https://a.example/x")]
    made, other = await create(images=images), await create(images=images)
    [own, *_], [foreign, *_] = getattr(made, field), getattr(other, field)
    part.id = foreign.id

    for wrong, place in (([part], 0), ([own, own], 1)):
        fields: dict[str, Any] = {field: wrong}
        with pytest.raises(InvalidArgument) as refusal:
            await change(products.Product(name=made.name, **fields), field)
        assert f"{field}[{place}].id" in refusal.value.violations


@pytest.mark.parametrize("field", ["status", "handle", "title"])
async def test_a_field_that_is_never_empty_cannot_be_emptied(catalogue, create, change, field):
    made = await create()

    with pytest.raises(InvalidArgument) as refusal:
        await change(products.Product(name=made.name), field)

    assert field in refusal.value.violations
    assert await read(catalogue, made.name) == made


async def test_two_variants_can_swap_their_skus(create, change):
    made = await create()
    first, second = made.variants
    first.sku, second.sku = second.sku, first.sku

    changed = await change(made, "variants")

    assert [v.sku for v in changed.variants] == [first.sku, second.sku]


async def test_a_stale_etag_is_refused(create, change):
    made = await create()
    await change(products.Product(name=made.name, subtitle="New"), "subtitle")

    made.subtitle = "Stale"
    with pytest.raises(Aborted) as refusal:
        await change(made, "subtitle")
    assert refusal.value.reason == "ETAG_MISMATCH"


@pytest.mark.parametrize("path", ["nonsense", "create_time", "name", "variants.title"])
async def test_a_mask_of_what_cannot_change_is_refused(create, change, path):
    made = await create()

    with pytest.raises(InvalidArgument) as refusal:
        await change(made, path)
    assert refusal.value.reason == "MASK_INVALID"


async def test_an_update_mask_may_empty_a_field(catalogue, create):
    made = await create(tags=["a"], subtitle="b")

    changed = await catalogue().UpdateProduct(
        pb.UpdateProductRequest(
            product=products.Product(name=made.name),
            update_mask=FieldMask(paths=["tags", "subtitle"]),
        )
    )

    assert (list(changed.tags), changed.subtitle) == ([], "")


def under(amount, **conditions):
    return products.ConditionalPrice(amount=amount, **conditions)


async def test_prices_under_conditions_keep_their_ids(catalogue, create, change):
    [first, *_] = (made := await create()).variants
    first.conditional_prices.extend(
        [under(euros(9), min_quantity=10), under(euros(8), rules={"region_id": "reg_1"})]
    )
    before = await change(made, "variants")
    many, regional = before.variants[0].conditional_prices
    row = products.Variant(
        id=first.id,
        conditional_prices=[
            under(euros(7), rules={"region_id": "reg_1"}),
            under(euros(9), min_quantity=20, id=many.id),
            under(euros(6), min_quantity=20, max_quantity=30, id=many.id),
            under(euros(5), min_quantity=40, id="price_of_another"),
        ],
        update_mask=FieldMask(paths=["conditional_prices"]),
    )

    after = await change(
        products.Product(name=made.name, variants=[row, made.variants[1]]), "variants"
    )

    ids = [price.id for price in after.variants[0].conditional_prices]
    assert ids[:2] == [regional.id, many.id]
    assert len({*ids, "price_of_another"}) == 5
    assert after == await read(catalogue, made.name)


async def test_a_product_given_again_without_ids_is_the_same(catalogue, create, change):
    made = await create(
        images=[products.Image(url="https://cdn.example/1.png")],
        variants=[
            products.Variant(
                options={"Flavour": flavour},
                conditional_prices=[under(euros(9), min_quantity=10)],
            )
            for flavour in ("Chocolate", "Vanilla")
        ],
    )
    again = products.Product()
    again.CopyFrom(made)
    for part in (*again.images, *again.variants[0].conditional_prices):
        part.ClearField("id")

    assert await change(again, "images", "variants") == made
    batch = pb.BatchChangeProductsRequest(
        updates=[
            pb.ProductChange(product=again, update_mask=FieldMask(paths=["images", "variants"]))
        ]
    )
    assert list((await catalogue().BatchChangeProducts(batch)).updated) == [made]
    assert await read(catalogue, made.name) == made
