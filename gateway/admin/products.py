"""The master catalogue's products, managed by the head office."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import (
    CreateProductRequest,
    DeleteProductRequest,
    GetProductRequest,
    UpdateProductRequest,
)
from souk.catalog_opt_in.v1.product_pb2 import Product

from gateway.admin.product_channels import (
    change_channels,
    channel_changes,
    channel_documents,
    channels_of,
)
from gateway.admin.product_filters import FILTERS, ORDER, list_request, tenants_of
from gateway.clients import Clients, ClientsOf
from gateway.documents.product import ProductDocument
from gateway.documents.product_bodies import ProductBatch
from gateway.documents.sold_product import (
    SoldProductCreate,
    SoldProductDocument,
    SoldProductUpdate,
)
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.medusa.values import last_id
from gateway.request_state import BATCH_SECONDS
from services.kernel.call.scope import Scope

PRODUCTS = Resource(
    "product",
    "products",
    SoldProductDocument,
    Query(
        filters=FILTERS,
        order=ORDER,
    ),
    on_request=("sales_channels",),
)
ProductQuery = Annotated[ParsedQuery, Depends(PRODUCTS.query_of_answer)]

router = Router(
    prefix="/admin/products",
    tags=["Catalogue"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class ProductAnswer(BaseModel):
    product: SoldProductDocument


class ProductsAnswer(Envelope):
    products: list[SoldProductDocument]


class ProductBatchAnswer(BaseModel):
    created: list[ProductDocument]
    updated: list[ProductDocument]
    deleted: responses.DeletedInBatch


@router.get(
    "",
    summary="List products",
    responses=responses.documented(ProductsAnswer, "A page of products."),
    openapi_extra=PRODUCTS.documented_list,
)
async def list_products(request: Request, scope: HeadOfficeScope, clients: ClientsOf) -> Response:
    """Lists products in every status; sort by created_at, updated_at, id, title, handle, status."""
    query = PRODUCTS.list_query(request)
    tenants = await tenants_of(query, clients, scope.tenant or "")
    if tenants is None:
        return PRODUCTS.page(query, [], count=0)
    found = await clients.catalogue.ListProducts(list_request(query, tenants))
    channels = await _channels(query, clients, scope, *found.products)
    return PRODUCTS.page(
        query,
        found.products,
        count=found.total_size,
        beside=lambda product: {"sales_channels": channels.get(product.name, [])},
    )


@router.post(
    "",
    summary="Create a product",
    responses=responses.documented(ProductAnswer, "The product."),
    openapi_extra=PRODUCTS.documented_one,
)
async def create_product(
    request: Request,
    scope: HeadOfficeScope,
    query: ProductQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: SoldProductCreate,
) -> Response:
    """Creates a product and opts the head office in to it, or else the given sales channels."""
    new, changes = body.to_message(), []
    if "sales_channels" in body.model_fields_set:
        changes = await channel_changes(
            request,
            clients,
            body.sales_channels,
            [f"tenants/{scope.tenant}"],
            is_published=new.status == Product.STATUS_PUBLISHED,
        )
    product = await clients.catalogue.CreateProduct(
        CreateProductRequest(product=new, request_id=key)
    )
    await change_channels(clients, changes, product.name)
    channels = await _channels(query, clients, scope, product)
    return PRODUCTS.one(query, product, sales_channels=channels.get(product.name, []))


@router.post(
    "/batch",
    summary="Create, update and delete products",
    responses=responses.documented(ProductBatchAnswer, "What became of each row."),
)
async def change_products(
    _: HeadOfficeScope, clients: ClientsOf, key: IdempotencyKey, body: ProductBatch
) -> Response:
    """Creates, updates and deletes products in one transaction.

    If any row cannot be done, none is; the error says what is wrong with the first ten. Each row
    that changes something leaves an event of its own; x-audit-event names the first 20.
    """
    done = await clients.catalogue.BatchChangeProducts(
        body.to_message(request_id=key), timeout=BATCH_SECONDS
    )
    return responses.batch(
        "product",
        created=ProductDocument.to_list(done.created),
        updated=ProductDocument.to_list(done.updated),
        deleted=[last_id(product) for product in done.deleted],
    )


@router.get(
    "/{product_id}",
    summary="Get a product",
    responses=responses.documented(ProductAnswer, "The product."),
    openapi_extra=PRODUCTS.documented_one,
)
async def get_product(
    request: Request, scope: HeadOfficeScope, clients: ClientsOf, product_id: str
) -> Response:
    """Returns one product."""
    query = PRODUCTS.one_query(request)
    product = await clients.catalogue.GetProduct(GetProductRequest(name=f"products/{product_id}"))
    channels = await _channels(query, clients, scope, product)
    return PRODUCTS.one(query, product, sales_channels=channels.get(product.name, []))


# Medusa's clients update with POST.
@router.post(
    "/{product_id}",
    summary="Update a product",
    responses=responses.documented(ProductAnswer, "The updated product."),
    openapi_extra=PRODUCTS.documented_one,
)
@router.patch(
    "/{product_id}",
    summary="Update a product",
    responses=responses.documented(ProductAnswer, "The updated product."),
    openapi_extra=PRODUCTS.documented_one,
)
async def update_product(
    request: Request,
    scope: HeadOfficeScope,
    query: ProductQuery,
    clients: ClientsOf,
    product_id: str,
    etag: IfMatch,
    body: SoldProductUpdate,
) -> Response:
    """Updates the fields in the body, also in the listings of all tenants."""
    name = f"products/{product_id}"
    change, changes = body.to_message(name=name, etag=etag), []
    if "sales_channels" in body.model_fields_set:
        stored = await clients.catalogue.GetProduct(GetProductRequest(name=name))
        sellers = await channels_of(clients, scope.tenant or "", [name])
        changes = await channel_changes(
            request,
            clients,
            body.sales_channels,
            [tenant.name for tenant in sellers[name]],
            is_published=(change.status or stored.status) == Product.STATUS_PUBLISHED,
        )
    product = await clients.catalogue.UpdateProduct(
        UpdateProductRequest(product=change, update_mask=body.to_mask())
    )
    await change_channels(clients, changes, product.name)
    channels = await _channels(query, clients, scope, product)
    return PRODUCTS.one(query, product, sales_channels=channels.get(product.name, []))


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


async def _channels(
    query: ParsedQuery, clients: Clients, scope: Scope, *products: Product
) -> dict[str, list[dict[str, object]]]:
    """Returns the documents of the channels of products, if the client asked for them."""
    if not PRODUCTS.asks_for(query, "sales_channels"):
        return {}
    names = [product.name for product in products]
    return channel_documents(await channels_of(clients, scope.tenant or "", names))
