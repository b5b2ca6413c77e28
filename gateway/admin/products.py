"""The master catalogue's products, managed by the head office."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import (
    CreateProductRequest,
    DeleteProductRequest,
    GetProductRequest,
    ListProductsRequest,
    UpdateProductRequest,
)
from souk.catalog_opt_in.v1.product_pb2 import Product

from gateway.clients import ClientsOf
from gateway.documents.product import STATUSES, ProductCreate, ProductDocument, ProductUpdate
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Choice, Id, Many, One, Text
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.values import enum_value
from services.kernel.call.limits import most_characters, most_entries

PRODUCTS = Resource(
    "product",
    "products",
    ProductDocument,
    Query(
        filters={
            "q": Text(most_characters(ListProductsRequest, "query")),
            "id": Many(most_entries(ListProductsRequest, "products"), of=Id()),
            "handle": One(),
            "status": Choice(STATUSES),
        },
        order=("created_at", "updated_at", "title", "handle"),
    ),
)

router = APIRouter(
    prefix="/admin/products",
    tags=["Catalogue"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class ProductAnswer(BaseModel):
    product: ProductDocument


class ProductsAnswer(Envelope):
    products: list[ProductDocument]


@router.get(
    "",
    summary="List products",
    responses=responses.documented(ProductsAnswer, "A page of products."),
    openapi_extra=PRODUCTS.documented_list,
)
async def list_products(request: Request, _: HeadOfficeScope, clients: ClientsOf) -> Response:
    """Lists products in every status; sort by created_at, updated_at, title or handle."""
    query = PRODUCTS.list_query(request)
    found = await clients.catalogue.ListProducts(
        ListProductsRequest(
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            status=enum_value(Product.Status, query.one("status")),
            handle=query.one("handle"),
            products=[f"products/{one}" for one in query.many("id")],
        )
    )
    return PRODUCTS.page(query, found.products, count=found.total_size)


@router.post(
    "", summary="Create a product", responses=responses.documented(ProductAnswer, "The product.")
)
async def create_product(
    _: HeadOfficeScope, clients: ClientsOf, key: IdempotencyKey, body: ProductCreate
) -> Response:
    """Creates a product and opts the head office in to it."""
    product = await clients.catalogue.CreateProduct(
        CreateProductRequest(product=body.to_message(), request_id=key)
    )
    return PRODUCTS.response(product)


@router.get(
    "/{product_id}",
    summary="Get a product",
    responses=responses.documented(ProductAnswer, "The product."),
    openapi_extra=PRODUCTS.documented_one,
)
async def get_product(
    request: Request, _: HeadOfficeScope, clients: ClientsOf, product_id: str
) -> Response:
    """Returns one product."""
    query = PRODUCTS.one_query(request)
    product = await clients.catalogue.GetProduct(GetProductRequest(name=f"products/{product_id}"))
    return PRODUCTS.one(query, product)


# Medusa's clients update with POST.
@router.post(
    "/{product_id}",
    summary="Update a product",
    responses=responses.documented(ProductAnswer, "The updated product."),
)
@router.patch(
    "/{product_id}",
    summary="Update a product",
    responses=responses.documented(ProductAnswer, "The updated product."),
)
async def update_product(
    _: HeadOfficeScope, clients: ClientsOf, product_id: str, etag: IfMatch, body: ProductUpdate
) -> Response:
    """Updates the fields in the body, also in the listings of all tenants."""
    change = body.to_message(name=f"products/{product_id}", etag=etag)
    product = await clients.catalogue.UpdateProduct(
        UpdateProductRequest(product=change, update_mask=body.to_mask())
    )
    return PRODUCTS.response(product)


@router.delete(
    "/{product_id}",
    summary="Delete a product",
    responses=responses.documented(responses.Deleted, "The product is deleted."),
)
async def delete_product(
    _: HeadOfficeScope, clients: ClientsOf, product_id: str, etag: IfMatch
) -> Response:
    """Deletes a product; no other tenant may be opted in to it."""
    await clients.catalogue.DeleteProduct(
        DeleteProductRequest(name=f"products/{product_id}", etag=etag)
    )
    return responses.deleted("product", product_id)
