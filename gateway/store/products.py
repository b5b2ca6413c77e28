"""`GET /store/products`: the products of this shop, in its own currency."""

import re

from fastapi import APIRouter, Request, Response
from souk.catalog_opt_in.v1.storefront_service_pb2 import (
    GetStoreProductRequest,
    ListStoreProductsRequest,
)

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Flag, Many, One, Text
from gateway.medusa.query import Query
from gateway.store.asking import Resource
from gateway.store.documents import StoreProduct, StoreProductAnswer, StoreProductsAnswer
from gateway.store.shopper import Shop
from services.kernel.call.limits import most_characters, most_entries

_ID_OR_HANDLE = re.compile(r"[A-Za-z0-9_-]{1,100}")


def _many(field: str) -> Many:
    return Many(most_entries(ListStoreProductsRequest, field))


PRODUCTS = Resource(
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
)

router = APIRouter(prefix="/store/products", tags=["Store"], responses=responses.STORE_ERRORS)


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
    asked, selection = PRODUCTS.list_asked(request, shop)
    if asked.flag("is_giftcard"):
        return PRODUCTS.page([], count=0, asked=asked, selection=selection)
    found = await clients.storefront.ListStoreProducts(
        ListStoreProductsRequest(
            parent=f"tenants/{shop.id}",
            page_size=asked.limit,
            skip=asked.offset,
            order_by=asked.order,
            ids=asked.many("id"),
            handles=asked.many("handle"),
            collection_ids=asked.many("collection_id"),
            category_ids=asked.many("category_id"),
            tag_ids=asked.many("tag_id"),
            type_ids=asked.many("type_id"),
            query=asked.one("q"),
        )
    )
    return PRODUCTS.page(found.documents, count=found.total_size, asked=asked, selection=selection)


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
    selection = PRODUCTS.one_asked(request, shop)
    if not _ID_OR_HANDLE.fullmatch(id_or_handle):
        raise PRODUCTS.not_found(id_or_handle)
    found = await clients.storefront.GetStoreProduct(
        GetStoreProductRequest(name=f"tenants/{shop.id}/storeProducts/{id_or_handle}")
    )
    return PRODUCTS.one(found.document, selection)
