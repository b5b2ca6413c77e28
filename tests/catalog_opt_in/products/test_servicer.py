"""The product methods of CatalogService."""

import asyncio
import uuid
from typing import Any

import pytest
from google.type.money_pb2 import Money
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1.listing_service_pb2 import GetListingRequest

from services.kernel.call.errors import (
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
        images=[
            products.Image(url="/uploads/file_01K9Z8W6X2Q4R5T7V9B1C3D5F7"),
            products.Image(url="https://a.example/b"),
        ],
        tags=["milk", "new"],
        type="Protein",
    )

    assert await read(catalogue, made.name) == made
    assert [image.url for image in made.images] == [
        "/uploads/file_01K9Z8W6X2Q4R5T7V9B1C3D5F7",
        "https://a.example/b",
    ]
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
    "options[1].title": {
        "options": [
            products.Option(title="Size", values=[products.OptionValue(value="S")]),
            products.Option(title="Size", values=[products.OptionValue(value="S")]),
        ],
        "variants": [],
    },
    "variants[0].options.Flavour": {"options": []},
    "variants[0].options.Taste": {"variants": [products.Variant(options={"Taste": "Vanilla"})]},
    "variants[1].options.Flavour": {
        "variants": [
            products.Variant(options={"Flavour": "Vanilla"}),
            products.Variant(options={"Flavour": "Fish"}),
        ],
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
    fields = {"query": word.upper(), "order_by": order, "page_size": 2}

    first = await catalogue().ListProducts(pb.ListProductsRequest(**fields))
    second = await catalogue().ListProducts(
        pb.ListProductsRequest(**fields, page_token=first.next_page_token)
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

    async def names(**filters):
        answer = await catalogue().ListProducts(pb.ListProductsRequest(**filters))
        return [product.name for product in answer.products]

    assert await names(query=word, status=products.Product.STATUS_DRAFT) == [draft.name]
    assert await names(handle=other.handle) == [other.name]
    assert await names(products=[other.name, draft.name, "products/prod_none"]) == [
        draft.name,
        other.name,
    ]
    assert await names(handle=other.handle, skip=1) == []


@pytest.mark.parametrize(
    ("fields", "reason"),
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
async def test_an_invalid_list_request_is_refused(catalogue, fields, reason):
    with pytest.raises(InvalidArgument) as refusal:
        await catalogue().ListProducts(pb.ListProductsRequest(**fields))

    assert refusal.value.reason == reason


async def test_the_same_handle_is_not_given_twice_at_the_same_time(catalogue):
    handle = unique("race")
    requests = [pb.CreateProductRequest(product=product_of(handle=handle)) for _ in range(4)]

    answers = await asyncio.gather(
        *(catalogue().CreateProduct(request) for request in requests), return_exceptions=True
    )

    refusals = [answer for answer in answers if isinstance(answer, Exception)]
    assert [type(refusal) for refusal in refusals] == [AlreadyExists] * 3
