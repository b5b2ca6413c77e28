"""The product methods of CatalogService."""

import asyncio
import uuid
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1.listing_service_pb2 import GetListingRequest

from services.kernel.call.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.catalog_opt_in.builders import euros, flavoured, id_of, product_of, unique


async def read(catalogue, name):
    return await catalogue().GetProduct(pb.GetProductRequest(name=name))


async def test_a_product_is_read_as_it_was_created(catalogue, create):
    made = await create(
        subtitle="Isolate",
        description="Two\nlines",
        images=[products.Image(url="/a.webp"), products.Image(url="https://a.example/b")],
        tags=["milk", "new"],
        type="Protein",
    )

    assert await read(catalogue, made.name) == made
    assert [image.url for image in made.images] == ["/a.webp", "https://a.example/b"]
    assert [variant.title for variant in made.variants] == ["Chocolate", "Vanilla"]
    assert all(variant.id.startswith("variant_") for variant in made.variants)
    assert list(made.tags) == ["milk", "new"]


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_no_other_tenant_reads_or_writes_the_catalogue(catalogue, create, tenant):
    made = await create()

    for call in (
        catalogue(tenant).GetProduct(pb.GetProductRequest(name=made.name)),
        catalogue(tenant).ListProducts(pb.ListProductsRequest()),
        catalogue(tenant).CreateProduct(pb.CreateProductRequest(product=product_of())),
        catalogue(tenant).UpdateProduct(pb.UpdateProductRequest(product=made)),
        catalogue(tenant).DeleteProduct(pb.DeleteProductRequest(name=made.name)),
    ):
        with pytest.raises(PermissionDenied, match="head office") as refusal:
            await call
        assert refusal.value.reason == "HEAD_OFFICE_ONLY"


async def test_a_handle_is_made_of_the_title(create):
    word = uuid.uuid4().hex[:8]

    assert (await create(title=f"Créatine {word}!")).handle == f"creatine-{word}"


async def test_a_handle_is_given_once(create):
    made = await create()

    with pytest.raises(AlreadyExists) as refusal:
        await create(handle=made.handle)
    assert refusal.value.reason == "HANDLE_TAKEN"
    assert "handle" in refusal.value.violations


async def test_a_sku_is_given_once(create):
    made = await create()

    taken = flavoured("Plain")
    taken["variants"][0].sku = made.variants[0].sku
    with pytest.raises(AlreadyExists) as refusal:
        await create(**taken)
    assert refusal.value.reason == "SKU_TAKEN"
    assert set(refusal.value.violations) == {"variants[0].sku"}


async def test_many_variants_may_have_no_sku(create):
    fields = flavoured("A", "B")
    for variant in fields["variants"]:
        variant.sku = ""

    made = await create(**fields)

    assert [variant.sku for variant in made.variants] == ["", ""]


async def test_a_request_id_creates_once(catalogue):
    request = pb.CreateProductRequest(product=product_of(), request_id=str(uuid.uuid4()))

    first = await catalogue().CreateProduct(request)
    again = await catalogue().CreateProduct(request)

    assert first == again


WRONG: dict[str, dict[str, Any]] = {
    "title": {"title": ""},
    "subtitle": {"subtitle": "x" * 201},
    "description": {"description": "x" * 20_001},
    "handle": {"handle": "No Handle"},
    "status": {"status": 9},
    "thumbnail": {"thumbnail": "http://a.example/x"},
    "images[0].url": {"images": [products.Image(url="x")]},
    "images": {"images": [products.Image(url=f"/{n}") for n in range(51)]},
    "collection": {"collection": "nonsense"},
    "categories[0]": {"categories": ["products/x"]},
    "tags[1]": {"tags": ["a", "a"]},
    "tags[0]": {"tags": [""]},
    "type": {"type": "x" * 51},
    "options[0].values": {"options": [products.Option(title="Size")], "variants": []},
    "options[1]": {
        "options": [
            products.Option(title="Size", values=[products.OptionValue(value="S")]),
            products.Option(title="Size", values=[products.OptionValue(value="S")]),
        ],
        "variants": [],
    },
    "variants[0].options": {"options": []},
    "variants[0].options.Flavour": {
        "variants": [products.Variant(options={"Flavour": "Fish"})],
    },
    "variants[1].options": {
        "variants": [products.Variant(options={"Flavour": "Vanilla"}) for _ in range(2)]
    },
    "variants[0].id": {
        "variants": [products.Variant(id="variant_x", options={"Flavour": "Vanilla"})]
    },
    "variants[0].weight_grams": {
        "variants": [products.Variant(weight_grams=-1, options={"Flavour": "Vanilla"})]
    },
}


@pytest.mark.parametrize("field", WRONG)
async def test_a_wrong_field_is_named(create, field):
    with pytest.raises(InvalidArgument) as refusal:
        await create(**WRONG[field])

    assert field in refusal.value.violations


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        (Money(currency_code="EUR"), "PRICE_NOT_POSITIVE"),
        (Money(currency_code="EUR", units=-1), "PRICE_NOT_POSITIVE"),
        (Money(currency_code="EUR", units=1, nanos=1_000_000), "PRICE_TOO_PRECISE"),
        (Money(currency_code="EUR", units=2**62), "PRICE_TOO_LARGE"),
        (Money(currency_code="eur", units=1), "CURRENCY_UNKNOWN"),
        (Money(units=1), "CURRENCY_UNKNOWN"),
    ],
)
async def test_a_wrong_price_is_refused_with_its_reason(create, price, reason):
    with pytest.raises(InvalidArgument) as refusal:
        await create(**flavoured("Plain", prices=[price]))

    assert refusal.value.reason == reason
    assert next(iter(refusal.value.violations)).startswith("variants[0].prices[0]")


async def test_a_variant_has_one_price_a_currency(create):
    with pytest.raises(InvalidArgument) as refusal:
        await create(**flavoured("Plain", prices=[euros(1), euros(2)]))

    assert "variants[0].prices[1].currency_code" in refusal.value.violations


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"collection": "collections/pcol_none"}, "COLLECTION_NOT_FOUND"),
        ({"categories": ["categories/pcat_none"]}, "CATEGORY_NOT_FOUND"),
    ],
)
async def test_a_products_references_must_exist(create, fields, reason):
    with pytest.raises(InvalidArgument) as refusal:
        await create(**fields)

    assert refusal.value.reason == reason


async def test_only_the_masked_fields_change(catalogue, create, change):
    made = await create(subtitle="Before")

    wanted = products.Product(name=made.name, subtitle="After", title="Not asked for")
    changed = await change(wanted, "subtitle")

    assert changed.subtitle == "After"
    assert changed.title == made.title
    assert changed.variants == made.variants
    assert await read(catalogue, made.name) == changed


async def test_parts_keep_their_ids_and_those_not_named_are_removed(catalogue, create, change):
    made = await create()
    kept = made.variants[1]
    kept.title = "Vanilla, renamed"
    new = products.Variant(options={"Flavour": "Banana"}, prices=[euros(5)])
    option = products.Option(
        title="Flavour",
        values=[products.OptionValue(value="Vanilla"), products.OptionValue(value="Banana")],
    )

    changed = await change(
        products.Product(name=made.name, options=[option], variants=[kept, new]),
        "options",
        "variants",
    )

    assert await read(catalogue, made.name) == changed
    assert [v.title for v in changed.variants] == ["Vanilla, renamed", "Banana"]
    assert changed.variants[0].id == kept.id
    assert changed.options[0].id == made.options[0].id
    assert changed.options[0].values[0].id == made.options[0].values[1].id


async def test_a_partial_variant_keeps_what_it_does_not_name_in_every_shop(
    catalogue, create, change, opt_in, look_up, tenants
):
    made = await create()
    kept = made.variants[0]
    for tenant in tenants:
        await opt_in(tenant, made)
    part = products.Variant(id=kept.id, title="Renamed", update_mask=FieldMask(paths=["title"]))

    changed = await change(products.Product(name=made.name, variants=[part]), "variants")

    [variant] = changed.variants
    assert (variant.id, variant.title, variant.sku) == (kept.id, "Renamed", kept.sku)
    assert (variant.options, list(variant.prices)) == (kept.options, list(kept.prices))
    assert await read(catalogue, made.name) == changed
    for tenant in tenants:
        document = await look_up(tenant, id_of(made))
        assert [shown["sku"] for shown in document["variants"]] == [kept.sku]


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
    made = await create(images=[products.Image(url="/a")])
    parts = [products.Image(id=made.images[0].id, url="/b"), products.Image(url="/a")]

    changed = await change(products.Product(name=made.name, images=parts), "images")

    assert [image.url for image in changed.images] == ["/b", "/a"]
    assert changed.images[0].id == made.images[0].id != changed.images[1].id


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("images", products.Image(url="/a")),
        ("options", products.Option(title="A", values=[products.OptionValue(value="1")])),
        ("variants", products.Variant(options={"Flavour": "Vanilla"})),
    ],
)
async def test_a_part_of_another_product_or_one_listed_twice_is_refused(
    create, change, field, part
):
    images = [products.Image(url="/x")]
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


async def test_a_product_that_a_tenant_lists_is_not_removed(
    catalogue, create, opt_in, selling, tenants
):
    made = await create()
    listing = await opt_in(tenants[0], made)

    with pytest.raises(FailedPrecondition) as refusal:
        await catalogue().DeleteProduct(pb.DeleteProductRequest(name=made.name))
    assert refusal.value.reason == "PRODUCT_LISTED"
    assert (await selling(tenants[0]).GetListing(GetListingRequest(name=listing.name))).visible


async def test_a_removed_product_leaves_the_head_offices_storefront(catalogue, create, look_up):
    made = await create()
    assert (await look_up("hq", id_of(made)))["title"] == made.title

    await catalogue().DeleteProduct(pb.DeleteProductRequest(name=made.name))

    for call in (read(catalogue, made.name), look_up("hq", id_of(made))):
        with pytest.raises(NotFound) as refusal:
            await call
        assert refusal.value.reason == "PRODUCT_NOT_FOUND"


@pytest.mark.parametrize("order", ["created_at", "-updated_at", "title", "-handle"])
async def test_pages_hold_every_product_once_in_order(catalogue, create, order):
    word = unique("Pages")
    made = [await create(title=f"{word} {letter}") for letter in "ABC"]
    asked = {"query": word.upper(), "order_by": order, "page_size": 2}

    first = await catalogue().ListProducts(pb.ListProductsRequest(**asked))
    second = await catalogue().ListProducts(
        pb.ListProductsRequest(**asked, page_token=first.next_page_token)
    )

    names = [p.name for p in (*first.products, *second.products)]
    ordered = [p.name for p in made]
    assert names == (ordered[::-1] if order.startswith("-") else ordered)
    assert first.total_size == second.total_size == 3
    assert second.next_page_token == ""


async def test_products_are_found_by_status_handle_and_name(catalogue, create):
    word = unique("Draft")
    draft = await create(title=word, status=products.Product.STATUS_DRAFT)
    other = await create(title=f"{word} too")

    async def names(**asked):
        answer = await catalogue().ListProducts(pb.ListProductsRequest(**asked))
        return [product.name for product in answer.products]

    assert await names(query=word, status=products.Product.STATUS_DRAFT) == [draft.name]
    assert await names(handle=other.handle) == [other.name]
    assert await names(products=[other.name, draft.name, "products/prod_none"]) == [
        draft.name,
        other.name,
    ]
    assert await names(handle=other.handle, skip=1) == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"page_size": -1}, "PAGE_SIZE_INVALID"),
        ({"page_token": "nonsense"}, "PAGE_TOKEN_INVALID"),
        ({"order_by": "price"}, "ORDER_INVALID"),
        ({"skip": -1}, "SKIP_INVALID"),
        ({"query": "x" * 101}, "FIELD_INVALID"),
        ({"products": ["nonsense"]}, "NAME_INVALID"),
        ({"products": ["products/prod_x"] * 201}, "FIELD_INVALID"),
        ({"status": 9}, "FIELD_INVALID"),
    ],
)
async def test_a_wrong_question_is_refused(catalogue, asked, reason):
    with pytest.raises(InvalidArgument) as refusal:
        await catalogue().ListProducts(pb.ListProductsRequest(**asked))

    assert refusal.value.reason == reason


async def test_the_same_handle_is_not_given_twice_at_the_same_time(catalogue):
    handle = unique("race")
    requests = [pb.CreateProductRequest(product=product_of(handle=handle)) for _ in range(4)]

    answers = await asyncio.gather(
        *(catalogue().CreateProduct(request) for request in requests), return_exceptions=True
    )

    refusals = [answer for answer in answers if isinstance(answer, Exception)]
    assert [type(refusal) for refusal in refusals] == [AlreadyExists] * 3


async def test_an_update_mask_may_empty_a_field(catalogue, create):
    made = await create(tags=["a"], subtitle="b")

    changed = await catalogue().UpdateProduct(
        pb.UpdateProductRequest(
            product=products.Product(name=made.name),
            update_mask=FieldMask(paths=["tags", "subtitle"]),
        )
    )

    assert (list(changed.tags), changed.subtitle) == ([], "")
