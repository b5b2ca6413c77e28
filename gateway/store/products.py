"""`GET /store/products`: the products of this shop, in its own currency."""

import re

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.storefront_service_pb2 import (
    GetStoreProductRequest,
    ListStoreProductsRequest,
)

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Flag, Many, One, Text
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.store.shopper import Shop, check_region, no_such
from services.kernel.call.limits import most_characters, most_entries
from services.values.store_documents import StoreProduct

_ID_OR_HANDLE = re.compile(r"[A-Za-z0-9_-]{1,100}")


def _many(field: str) -> Many:
    return Many(most_entries(ListStoreProductsRequest, field))


PRODUCTS = PreparedResource(
    "product",
    "products",
    StoreProduct,
    Query(
        filters={
            "q": Text(most_characters(ListStoreProductsRequest, "query")),
            "id": _many("ids"),
            "handle": _many("handles"),
            "collection_id": _many("collection_ids"),
            "category_id": _many("category_ids"),
            "tag_id": _many("tag_ids"),
            "type_id": _many("type_ids"),
            "is_giftcard": Flag(),
            "region_id": One(),
        },
        order=("created_at", "updated_at", "title", "handle"),
    ),
    # A region determines the currency of prices, so single documents accept it, too.
    one=Query({"region_id": One()}, limit=None),
)

router = APIRouter(prefix="/store/products", tags=["Store"], responses=responses.STORE_ERRORS)


class StoreProductAnswer(BaseModel):
    product: StoreProduct


class StoreProductsAnswer(Envelope):
    products: list[StoreProduct]


@router.get(
    "",
    summary="List products",
    responses=responses.documented(
        StoreProductsAnswer, "A page of products, newest first by default."
    ),
    openapi_extra=PRODUCTS.documented_list,
)
async def list_products(request: Request, shop: Shop, clients: ClientsOf) -> Response:
    """Lists the products that the shop sells; `count` is the total on all pages."""
    query = PRODUCTS.list_query(request)
    check_region(query.one("region_id"), shop)
    if query.flag("is_giftcard"):
        return PRODUCTS.page(query, [], count=0)
    found = await clients.storefront.ListStoreProducts(
        ListStoreProductsRequest(
            parent=f"tenants/{shop.id}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            ids=query.many("id"),
            handles=query.many("handle"),
            collection_ids=query.many("collection_id"),
            category_ids=query.many("category_id"),
            tag_ids=query.many("tag_id"),
            type_ids=query.many("type_id"),
            query=query.one("q"),
        )
    )
    return PRODUCTS.page(query, found.documents, count=found.total_size)


@router.get(
    "/{id_or_handle}",
    summary="Get a product",
    responses=responses.documented(StoreProductAnswer, "The product."),
    openapi_extra=PRODUCTS.documented_one,
)
async def get_product(
    id_or_handle: str, request: Request, shop: Shop, clients: ClientsOf
) -> Response:
    """Returns a product by its id or handle; 404 if this shop does not sell it."""
    query = PRODUCTS.one_query(request)
    check_region(query.one("region_id"), shop)
    if not _ID_OR_HANDLE.fullmatch(id_or_handle):
        raise no_such("product", id_or_handle)
    found = await clients.storefront.GetStoreProduct(
        GetStoreProductRequest(name=f"tenants/{shop.id}/storeProducts/{id_or_handle}")
    )
    return PRODUCTS.one(query, found.document)
