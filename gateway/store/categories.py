"""`GET /store/product-categories`: categories with products of this shop in them or below."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListStoreCategoriesRequest

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Many, One
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.store.shopper import Shop, no_such
from services.kernel.call.limits import most_entries
from services.values.store_documents import StoreCategory

CATEGORIES = PreparedResource(
    "product_category",
    "product_categories",
    StoreCategory,
    Query(
        filters={
            "id": Many(most_entries(ListStoreCategoriesRequest, "ids")),
            "handle": Many(most_entries(ListStoreCategoriesRequest, "handles")),
            "parent_category_id": One(),
        },
        order=("rank", "created_at", "title", "handle"),
    ),
)

router = APIRouter(
    prefix="/store/product-categories", tags=["Store"], responses=responses.STORE_ERRORS
)


class StoreCategoryAnswer(BaseModel):
    product_category: StoreCategory


class StoreCategoriesAnswer(Envelope):
    product_categories: list[StoreCategory]


@router.get(
    "",
    summary="List categories",
    responses=responses.documented(StoreCategoriesAnswer, "A page of categories, by rank."),
    openapi_extra=CATEGORIES.documented_list,
)
async def list_categories(request: Request, shop: Shop, clients: ClientsOf) -> Response:
    """Lists the categories that have a product of the shop in them or in a subcategory.

    `parent_category_id=null` returns the top level.
    """
    query = CATEGORIES.list_query(request)
    found = await clients.storefront.ListStoreCategories(
        ListStoreCategoriesRequest(
            parent=f"tenants/{shop.id}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            ids=query.many("id"),
            handles=query.many("handle"),
            parent_category_id=query.one("parent_category_id"),
        )
    )
    return CATEGORIES.page(query, found.documents, count=found.total_size)


@router.get(
    "/{category_id}",
    summary="Get a category",
    responses=responses.documented(StoreCategoryAnswer, "The category."),
    openapi_extra=CATEGORIES.documented_one,
)
async def get_category(
    category_id: str, request: Request, shop: Shop, clients: ClientsOf
) -> Response:
    """Returns one category; 404 if neither it nor a subcategory has a product of this shop."""
    query = CATEGORIES.one_query(request)
    found = await clients.storefront.ListStoreCategories(
        ListStoreCategoriesRequest(parent=f"tenants/{shop.id}", ids=[category_id], page_size=1)
    )
    if not found.documents:
        raise no_such("category", category_id)
    return CATEGORIES.one(query, found.documents[0])
