"""Variants of the master catalogue's products: each is changed by itself."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import (
    ChangeVariantsRequest,
    GetProductRequest,
    ListVariantsRequest,
    ListVariantsResponse,
)
from souk.catalog_opt_in.v1.product_pb2 import Product, Variant

from gateway.clients import Clients, ClientsOf
from gateway.documents.product import ProductDocument, VariantDocument, beside_variant
from gateway.documents.variant import ProductOfVariant, VariantWithProduct
from gateway.documents.variant_bodies import VariantBatch, VariantUpdate
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Flag, Id, Many, One, Text, times
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.errors import NotFound
from services.kernel.call.limits import most_characters, most_entries
from services.values.ranks import placed

VARIANTS = Resource(
    "variant",
    "variants",
    VariantWithProduct,
    Query(
        filters={
            "q": Text(most_characters(ListVariantsRequest, "query")),
            "id": Many(most_entries(ListVariantsRequest, "variants"), of=Id()),
            "title": One(most_characters(ListVariantsRequest, "title")),
            "sku": Many(most_entries(ListVariantsRequest, "skus"), have_commas=True),
            "ean": Many(most_entries(ListVariantsRequest, "eans")),
            "upc": Many(most_entries(ListVariantsRequest, "upcs")),
            "barcode": Many(most_entries(ListVariantsRequest, "barcodes"), have_commas=True),
            "manage_inventory": Flag(),
            "allow_backorder": Flag(),
            **times("created_at", "updated_at"),
        },
        order=("id", "created_at", "updated_at", "title", "sku", "variant_rank"),
    ),
)
# What is answered to a change of a part of it.
PRODUCT = Resource("product", "products", ProductDocument)
ProductQuery = Annotated[ParsedQuery, Depends(PRODUCT.query_of_answer)]

router = Router(
    prefix="/admin/products/{product_id}/variants",
    tags=["Catalogue"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)
all_router = Router(
    prefix="/admin/product-variants", tags=["Catalogue"], responses=responses.ADMIN_ERRORS
)


class ProductAnswer(BaseModel):
    product: ProductDocument


class VariantAnswer(BaseModel):
    variant: VariantWithProduct


class VariantsAnswer(Envelope):
    variants: list[VariantWithProduct]


class DeletedOfProduct(responses.Deleted):
    """The confirmation of the deletion of a part of a product."""

    parent: ProductDocument


class VariantBatchAnswer(BaseModel):
    created: list[VariantDocument]
    updated: list[VariantDocument]
    deleted: responses.DeletedInBatch


@all_router.get(
    "",
    summary="List variants of all products",
    responses=responses.documented(VariantsAnswer, "A page of variants."),
    openapi_extra=VARIANTS.documented_list,
)
async def list_variants_of_all_products(
    request: Request, _: HeadOfficeScope, clients: ClientsOf
) -> Response:
    """Lists the variants of all products, in every status, the oldest first by default."""
    return await _page(request, clients, product="")


@router.get(
    "",
    summary="List a product's variants",
    responses=responses.documented(VariantsAnswer, "A page of variants."),
    openapi_extra=VARIANTS.documented_list,
)
async def list_variants_of_product(
    request: Request, _: HeadOfficeScope, clients: ClientsOf, product_id: str
) -> Response:
    """Lists the variants of one product, the oldest first by default."""
    return await _page(request, clients, product=f"products/{product_id}")


@router.post(
    "",
    summary="Create a variant",
    responses=responses.documented(ProductAnswer, "The product."),
    openapi_extra=PRODUCT.documented_one,
)
async def create_variant(
    _: HeadOfficeScope,
    query: ProductQuery,
    clients: ClientsOf,
    product_id: str,
    key: IdempotencyKey,
    body: VariantUpdate,
) -> Response:
    """Adds a variant to a product."""
    product = await clients.catalogue.ChangeVariants(
        ChangeVariantsRequest(
            parent=f"products/{product_id}", creates=[body.to_message()], request_id=key
        )
    )
    return PRODUCT.one(query, product)


@router.post(
    "/batch",
    summary="Create, update and delete variants",
    responses=responses.documented(VariantBatchAnswer, "What became of each row."),
)
async def change_variants(
    _: HeadOfficeScope,
    clients: ClientsOf,
    product_id: str,
    key: IdempotencyKey,
    body: VariantBatch,
) -> Response:
    """Creates, updates and deletes variants of a product in one transaction: all, or none."""
    request = body.to_message(parent=f"products/{product_id}", request_id=key)
    product = await clients.catalogue.ChangeVariants(request)
    documents = {
        variant.id: VariantDocument.to_json(variant, **beside_variant(variant, product, rank))
        for rank, variant in enumerate(product.variants)
    }
    return responses.batch(
        "variant",
        created=[documents[id_] for id_ in _created(request, product)],
        updated=[documents[variant.id] for variant in request.updates],
        deleted=list(request.deletes),
    )


@router.get(
    "/{variant_id}",
    summary="Get a variant",
    responses=responses.documented(VariantAnswer, "The variant."),
    openapi_extra=VARIANTS.documented_one,
)
async def get_variant(
    request: Request, _: HeadOfficeScope, clients: ClientsOf, product_id: str, variant_id: str
) -> Response:
    """Returns one variant."""
    query = VARIANTS.one_query(request)
    name = f"products/{product_id}"
    product = await clients.catalogue.GetProduct(GetProductRequest(name=name))
    for rank, variant in enumerate(product.variants):
        if variant.id == variant_id:
            return VARIANTS.one(query, variant, **_beside(variant, product, rank))
    raise NotFound(
        "VARIANT_NOT_FOUND", f"The product {name} has no such variant: {variant_id[:100]}."
    )


@router.post(
    "/{variant_id}",
    summary="Update a variant",
    responses=responses.documented(ProductAnswer, "The product."),
    openapi_extra=PRODUCT.documented_one,
)
async def update_variant(
    _: HeadOfficeScope,
    query: ProductQuery,
    clients: ClientsOf,
    product_id: str,
    variant_id: str,
    etag: IfMatch,
    body: VariantUpdate,
) -> Response:
    """Updates the fields in the body; If-Match is about the product."""
    product = await clients.catalogue.ChangeVariants(
        ChangeVariantsRequest(
            parent=f"products/{product_id}", updates=[body.to_message(id=variant_id)], etag=etag
        )
    )
    return PRODUCT.one(query, product)


@router.delete(
    "/{variant_id}",
    summary="Delete a variant",
    responses=responses.documented(DeletedOfProduct, "The variant is deleted."),
)
async def delete_variant(
    _: HeadOfficeScope, clients: ClientsOf, product_id: str, variant_id: str, etag: IfMatch
) -> Response:
    """Deletes a variant, also from the listings of all tenants; If-Match is about the product."""
    product = await clients.catalogue.ChangeVariants(
        ChangeVariantsRequest(parent=f"products/{product_id}", deletes=[variant_id], etag=etag)
    )
    return responses.deleted("variant", variant_id, parent=ProductDocument.to_json(product))


def _created(request: ChangeVariantsRequest, product: Product) -> list[str]:
    """Returns the ids of the variants that a batch made: they are last, but for their ranks."""
    ranks = [row.rank for row in request.updates if row.HasField("rank")]
    others = len(product.variants) - len(request.creates)
    rows: list[tuple[int | None, int | None]] = [(None, rank) for rank in ranks]
    rows += [(None, None)] * (others - len(ranks))
    rows += [
        (row, new.rank if new.HasField("rank") else None) for row, new in enumerate(request.creates)
    ]
    ids = {
        row: variant.id
        for row, variant in zip(placed(rows), product.variants, strict=True)
        if row is not None
    }
    return [ids[row] for row in sorted(ids)]


async def _page(request: Request, clients: Clients, *, product: str) -> Response:
    query = VARIANTS.list_query(request)
    found = await clients.catalogue.ListVariants(
        ListVariantsRequest(
            parent=product,
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            variants=query.many("id"),
            title=query.one("title"),
            skus=query.many("sku"),
            eans=query.many("ean"),
            upcs=query.many("upc"),
            barcodes=query.many("barcode"),
            manage_inventory=query.flag("manage_inventory"),
            allow_backorder=query.flag("allow_backorder"),
            created_at=query.time_range("created_at"),
            updated_at=query.time_range("updated_at"),
        )
    )
    variants, beside = _joined(found)
    return VARIANTS.page(
        query, variants, count=found.total_size, beside=lambda variant: beside[variant.id]
    )


def _joined(found: ListVariantsResponse) -> tuple[list[Variant], dict[str, dict[str, object]]]:
    """Returns the variants in the requested order, and by id what their documents have besides."""
    products = {product.name: product for product in found.products}
    variants = {variant.id: variant for product in found.products for variant in product.variants}
    beside = {
        row.variant: _beside(variants[row.variant], products[row.product], row.rank)
        for row in found.rows
    }
    return [variants[row.variant] for row in found.rows], beside


def _beside(variant: Variant, product: Product, rank: int) -> dict[str, object]:
    document = ProductOfVariant.to_json(product)
    return {**beside_variant(variant, product, rank), "product": document}
