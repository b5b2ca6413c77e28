"""Variants and options of a product change by themselves; all else of it stays."""

import uuid

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products

from services.kernel.call.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.catalog_opt_in.builders import euros, flavoured, id_of, unique


def option(title, *values, **more):
    return products.Option(
        title=title, values=[products.OptionValue(value=value) for value in values], **more
    )


def part(kind, stored, **fields):
    return kind(id=stored.id, update_mask=FieldMask(paths=fields), **fields)


@pytest.fixture
def change_variants(catalogue):
    async def send(product, **rows):
        return await catalogue().ChangeVariants(
            pb.ChangeVariantsRequest(parent=product.name, **rows)
        )

    return send


@pytest.fixture
def change_options(catalogue):
    async def send(product, **rows):
        return await catalogue().ChangeOptions(pb.ChangeOptionsRequest(parent=product.name, **rows))

    return send


async def test_variants_are_added_changed_and_removed_at_once_in_every_shop(
    create, change_variants, read, opt_in, look_up, tenants
):
    made = await create(**flavoured("Plain", "Vanilla", "Lemon"))
    plain, vanilla, lemon = made.variants
    for tenant in tenants:
        await opt_in(tenant, made)

    after = await change_variants(
        made,
        creates=[products.Variant(id=vanilla.id, title="New", prices=[euros(5)])],
        updates=[part(products.Variant, lemon, title="Lime", ean="4006381333931")],
        deletes=[plain.id],
    )

    assert await read(made) == after
    assert [variant.title for variant in after.variants] == ["Vanilla", "Lime", "New"]
    assert after.variants[0] == vanilla
    expected = products.Variant()
    expected.CopyFrom(lemon)
    expected.title, expected.ean = "Lime", "4006381333931"
    assert after.variants[1] == expected
    assert after.variants[2].id not in {variant.id for variant in made.variants}
    assert (after.title, after.options) == (made.title, made.options)
    for tenant in tenants:
        sold = await look_up(tenant, id_of(made))
        assert [variant["title"] for variant in sold["variants"]] == ["Vanilla", "Lime", "New"]


async def test_a_change_of_nothing_leaves_the_version(create, change_variants, change_options):
    made = await create()
    [option_, *_], [variant, *_] = made.options, made.variants

    same = part(products.Variant, variant, sku=variant.sku)
    assert await change_variants(made, updates=[same]) == made
    assert await change_options(made, updates=[option("Flavour", id=option_.id)]) == made


async def test_a_refusal_names_the_row_of_the_request_and_changes_nothing(
    create, change_variants, read
):
    other, made = await create(), await create(**flavoured("Plain", "Vanilla", "Lemon"))
    plain, vanilla, lemon = made.variants
    taken = other.variants[0].sku

    with pytest.raises(InvalidArgument) as wrong:
        await change_variants(
            made,
            creates=[products.Variant(title="Fine"), products.Variant(sku=" x")],
            updates=[part(products.Variant, lemon, options={"Flavour": "Unknown"})],
            deletes=[plain.id],
        )
    with pytest.raises(InvalidArgument) as same_choice:
        await change_variants(made, creates=[products.Variant(options={"Flavour": "Lemon"})])
    with pytest.raises(AlreadyExists) as of_another:
        await change_variants(made, updates=[part(products.Variant, vanilla, sku=taken)])
    with pytest.raises(InvalidArgument) as twice:
        await change_variants(made, updates=[vanilla], deletes=[vanilla.id])

    same = products.Variant(id=vanilla.id, options={"Flavour": "Lemon"})
    with pytest.raises(InvalidArgument) as beside_another:
        await change_variants(made, updates=[same])
    assert set(beside_another.value.violations) == {"updates[0].options"}
    assert set(wrong.value.violations) == {"creates[1].sku", "updates[0].options.Flavour"}
    assert set(same_choice.value.violations) == {"creates[0].options"}
    assert set(of_another.value.violations) == {"updates[0].sku"}
    assert of_another.value.reason == "SKU_TAKEN"
    assert set(twice.value.violations) == {"deletes[0]"}
    assert await read(made) == made


async def test_parts_of_another_product_are_unknown(create, change_variants, change_options, read):
    other, made = await create(), await create()

    for send, stored in (
        (change_variants, other.variants[0]),
        (change_options, other.options[0]),
    ):
        for rows in ({"updates": [stored]}, {"deletes": [stored.id]}):
            with pytest.raises(NotFound):
                await send(made, **rows)
    assert (await read(made), await read(other)) == (made, other)


async def test_a_repeat_gets_the_same_answer_and_a_stale_version_is_refused(
    create, change_variants
):
    made = await create()
    rows = {
        "creates": [products.Variant(sku=unique("SKU"))],
        "etag": made.etag,
        "request_id": str(uuid.uuid4()),
    }

    first = await change_variants(made, **rows)

    assert await change_variants(made, **rows) == first
    with pytest.raises(Aborted):
        await change_variants(made, **rows | {"request_id": ""})


async def test_a_product_is_full_at_some_number_of_variants_and_options(
    create, change_variants, change_options
):
    made = await create(options=[option(f"O{n}", "1") for n in range(5)], variants=[])

    with pytest.raises(FailedPrecondition) as options:
        await change_options(made, creates=[option("One more", "1")])
    full = await change_variants(made, creates=[products.Variant()] * 200)
    with pytest.raises(FailedPrecondition) as variants:
        await change_variants(full, creates=[products.Variant()])

    assert (options.value.reason, variants.value.reason) == ("PRODUCT_FULL", "PRODUCT_FULL")


async def test_a_renamed_option_keeps_its_values_and_what_variants_choose(create, change_options):
    made = await create()
    [flavour] = made.options

    after = await change_options(made, updates=[part(products.Option, flavour, title="Taste")])

    assert [(o.id, o.title, o.values) for o in after.options] == [
        (flavour.id, "Taste", flavour.values)
    ]
    assert [dict(v.options) for v in after.variants] == [
        {"Taste": "Chocolate"},
        {"Taste": "Vanilla"},
    ]


async def test_values_of_an_option_keep_their_ids_and_one_in_use_stays(create, change_options):
    made = await create()
    [flavour] = made.options
    ids = {value.value: value.id for value in flavour.values}

    more = option("Flavour", "Lemon", "Vanilla", "Chocolate", id=flavour.id)
    after = await change_options(made, updates=[more])
    with pytest.raises(FailedPrecondition) as in_use:
        await change_options(made, updates=[option("Flavour", "Vanilla", id=flavour.id)])

    assert {v.value: v.id for v in after.options[0].values if v.value != "Lemon"} == ids
    assert in_use.value.reason == "OPTION_IN_USE"
    assert "variants[0].options.Flavour" in in_use.value.message


async def test_without_an_option_variants_choose_nothing_of_it_but_must_still_differ(
    create, change_options
):
    made = await create(
        options=[option("Size", "S", "M"), option("Colour", "Red", "Blue")],
        variants=[
            products.Variant(options={"Size": "S", "Colour": "Red"}),
            products.Variant(options={"Size": "M", "Colour": "Red"}),
        ],
    )
    size, colour = made.options

    with pytest.raises(FailedPrecondition) as clash:
        await change_options(made, deletes=[size.id])
    after = await change_options(
        made,
        creates=[option("Weight", "1 kg")],
        updates=[part(products.Option, size, title="Fit")],
        deletes=[colour.id],
    )

    assert clash.value.reason == "OPTION_IN_USE"
    assert [o.title for o in after.options] == ["Fit", "Weight"]
    assert [dict(v.options) for v in after.variants] == [
        {"Fit": "S", "Weight": "1 kg"},
        {"Fit": "M", "Weight": "1 kg"},
    ]


async def test_only_the_head_office_reads_and_changes_parts_of_products(create, catalogue):
    made = await create()

    for call, kind in (
        ("ChangeVariants", pb.ChangeVariantsRequest),
        ("ChangeOptions", pb.ChangeOptionsRequest),
        ("ListVariants", pb.ListVariantsRequest),
    ):
        with pytest.raises(PermissionDenied):
            await getattr(catalogue("paris"), call)(kind(parent=made.name))


async def test_a_list_has_the_variants_of_a_page_and_their_products_alone(create, catalogue):
    first, second = await create(), await create()
    variant_ids = [second.variants[1].id, first.variants[0].id, second.variants[0].id]

    found = await catalogue().ListVariants(
        pb.ListVariantsRequest(variants=variant_ids, page_size=2)
    )

    assert found.total_size == 3
    assert [(row.product, row.variant, row.rank) for row in found.rows] == [
        (first.name, first.variants[0].id, 0),
        (second.name, second.variants[0].id, 0),
    ]
    products_by_name = {product.name: product for product in found.products}
    for product in (first, second):
        expected = products.Product()
        expected.CopyFrom(product)
        del expected.variants[1:]
        assert products_by_name[product.name] == expected


async def test_variants_are_put_where_they_ask_to_be_in_every_shop(
    create, change_variants, read, opt_in, look_up, tenants
):
    made = await create(**flavoured("A", "B", "C"))
    for tenant in tenants:
        await opt_in(tenant, made)
    first, second, third = made.variants
    new = products.Variant(title="New", rank=1)

    changed = await change_variants(
        made, creates=[new], updates=[part(products.Variant, third, rank=0)]
    )

    titles = ["C", "New", "A", "B"]
    assert [variant.title for variant in changed.variants] == titles
    assert not any(variant.HasField("rank") for variant in changed.variants)
    assert await read(made) == changed
    same = await change_variants(made, updates=[part(products.Variant, second, rank=9)])
    assert same == changed
    for tenant in tenants:
        variants = (await look_up(tenant, made.handle))["variants"]
        assert [variant["title"] for variant in variants] == ["C", "A", "B"]
    with pytest.raises(InvalidArgument) as refusal:
        await change_variants(made, updates=[part(products.Variant, first, rank=-1)])
    assert refusal.value.violations == {"updates[0].rank": "must not be negative"}
