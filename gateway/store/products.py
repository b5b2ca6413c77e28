"""`GET /store/products`: the products of this shop, in its own currency."""

import re

from fastapi import Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.storefront_service_pb2 import (
    GetStoreProductRequest,
    ListStoreProductsRequest,
)

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Flag, Text
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.medusa.router import Router
from gateway.store import product_filters, quantities
from gateway.store.markets import MarketsOf
from gateway.store.shopper import CONTEXT, Shop, currency_of, locales, no_such
from services.kernel.call.limits import most_characters
from services.values.store_documents import StoreProduct

QUANTITY = "variants.inventory_quantity"
_ID_OR_HANDLE = re.compile(r"[A-Za-z0-9_-]{1,100}")


PRODUCTS = PreparedResource(
    "product",
    "products",
    StoreProduct,
    Query(
        filters={
            "q": Text(most_characters(ListStoreProductsRequest, "query")),
            **product_filters.FILTERS,
            "is_giftcard": Flag(),
            **CONTEXT,
        },
        order=("id", "created_at", "updated_at", "title", "handle", "price"),
        in_conditions=product_filters.FILTERS,
    ),
    one=Query(CONTEXT, limit=None),
    on_request=(QUANTITY,),
)

router = Router(prefix="/store/products", tags=["Store"], responses=responses.STORE_ERRORS)


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
async def list_products(
    request: Request, shop: Shop, clients: ClientsOf, markets: MarketsOf
) -> Response:
    """Lists the products that the shop sells; `count` is the total on all pages."""
    query = PRODUCTS.list_query(request)
    currency = await currency_of(query, shop, markets)
    found = await clients.storefront.ListStoreProducts(
        product_filters.request(
            query,
            parent=f"tenants/{shop.id}",
            currency=shop.currency_code,
            prices_in=currency,
            locales=await locales(request, query, shop),
        )
    )
    complete = quantities.of_products(request) if PRODUCTS.asks_for(query, QUANTITY) else None
    return PRODUCTS.page(query, found.documents, count=found.total_size, complete=complete)


@router.get(
    "/{id_or_handle}",
    summary="Get a product",
    responses=responses.documented(StoreProductAnswer, "The product."),
    openapi_extra=PRODUCTS.documented_one,
)
async def get_product(
    id_or_handle: str, request: Request, shop: Shop, clients: ClientsOf, markets: MarketsOf
) -> Response:
    """Returns a product by its id or handle; 404 if this shop does not sell it."""
    query = PRODUCTS.one_query(request)
    currency = await currency_of(query, shop, markets)
    if not _ID_OR_HANDLE.fullmatch(id_or_handle):
        raise no_such("product", id_or_handle)
    found = await clients.storefront.GetStoreProduct(
        GetStoreProductRequest(
            name=f"tenants/{shop.id}/storeProducts/{id_or_handle}",
            locales=await locales(request, query, shop),
            currency_code=currency,
        )
    )
    complete = quantities.of_products(request) if PRODUCTS.asks_for(query, QUANTITY) else None
    return PRODUCTS.one(query, found.document, complete)
