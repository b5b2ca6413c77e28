"""`GET /store/product-categories`: categories with products of this shop in them or below."""

from fastapi import APIRouter, Request, Response
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListStoreCategoriesRequest

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Many, One
from gateway.medusa.query import Query
from gateway.store.asking import Resource
from gateway.store.documents import StoreCategoriesAnswer, StoreCategory, StoreCategoryAnswer
from gateway.store.shopper import Shop
from services.kernel.call.limits import most_entries

CATEGORIES = Resource(
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
    asked, selection = CATEGORIES.list_asked(request, shop)
    found = await clients.storefront.ListStoreCategories(
        ListStoreCategoriesRequest(
            parent=f"tenants/{shop.id}",
            page_size=asked.limit,
            skip=asked.offset,
            order_by=asked.order,
            ids=asked.many("id"),
            handles=asked.many("handle"),
            parent_category_id=asked.one("parent_category_id"),
        )
    )
    return CATEGORIES.page(
        found.documents, count=found.total_size, asked=asked, selection=selection
    )


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
    selection = CATEGORIES.one_asked(request, shop)
    found = await clients.storefront.ListStoreCategories(
        ListStoreCategoriesRequest(parent=f"tenants/{shop.id}", ids=[category_id], page_size=1)
    )
    if not found.documents:
        raise CATEGORIES.not_found(category_id)
    return CATEGORIES.one(found.documents[0], selection)
