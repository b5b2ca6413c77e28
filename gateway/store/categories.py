"""`GET /store/product-categories`: categories with products of this shop in them or below."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListStoreCategoriesRequest

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Flag, Many, Text, times
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.medusa.router import Router
from gateway.store.shopper import Shop, locales, no_such
from services.kernel.call.limits import most_characters, most_entries
from services.values.store_documents import StoreCategory, StoreCategoryTree

_RELATIVES = {"include_ancestors_tree": Flag(), "include_descendants_tree": Flag()}
_ONE = Query(filters=_RELATIVES, limit=None)
_LIST = Query(
    filters={
        "q": Text(most_characters(ListStoreCategoriesRequest, "query")),
        "id": Many(most_entries(ListStoreCategoriesRequest, "ids")),
        "name": Many(most_entries(ListStoreCategoriesRequest, "titles"), have_commas=True),
        "handle": Many(most_entries(ListStoreCategoriesRequest, "handles")),
        "parent_category_id": Many(
            1 + most_entries(ListStoreCategoriesRequest, "more_parent_category_ids")
        ),
        "is_active": Flag(),
        "is_internal": Flag(),
        **times("created_at", "updated_at"),
        **_RELATIVES,
    },
    order=("rank", "id", "created_at", "updated_at", "name", "title", "handle"),
)
CATEGORIES, TREES = (
    PreparedResource(
        "product_category", "product_categories", document, _LIST, _ONE, on_request=("products",)
    )
    for document in (StoreCategory, StoreCategoryTree)
)

router = Router(
    prefix="/store/product-categories", tags=["Store"], responses=responses.STORE_ERRORS
)


class StoreCategoryAnswer(BaseModel):
    product_category: StoreCategory | StoreCategoryTree


class StoreCategoriesAnswer(Envelope):
    product_categories: list[StoreCategory | StoreCategoryTree]


def _kind(query: ParsedQuery) -> PreparedResource:
    return TREES if query.flag("include_descendants_tree") else CATEGORIES


@router.get(
    "",
    summary="List categories",
    responses=responses.documented(StoreCategoriesAnswer, "A page of categories, by rank."),
    openapi_extra=CATEGORIES.documented_list,
)
async def list_categories(request: Request, shop: Shop, clients: ClientsOf) -> Response:
    """Lists the categories that have a product of the shop in them or in a subcategory.

    `parent_category_id=null` returns the top level. `include_descendants_tree` adds all that is
    below, which is at most 2,000; `include_ancestors_tree` is the default.
    """
    query = CATEGORIES.list_query(request)
    kind = _kind(query)
    # Shoppers see those alone that are active and not internal.
    if query.flag("is_active") is False or query.flag("is_internal"):
        return kind.page(query, [], count=0)
    parent, *more_parents = query.many("parent_category_id") or [""]
    found = await clients.storefront.ListStoreCategories(
        ListStoreCategoriesRequest(
            parent=f"tenants/{shop.id}",
            locales=await locales(request, query, shop),
            page_size=query.limit,
            skip=query.offset,
            # What Medusa calls the name is a title in the contract.
            order_by=query.order.replace("name", "title"),
            ids=query.many("id"),
            handles=query.many("handle"),
            titles=query.many("name"),
            query=query.one("q"),
            created_at=query.time_range("created_at"),
            updated_at=query.time_range("updated_at"),
            parent_category_id=parent,
            more_parent_category_ids=more_parents,
            with_products=kind.asks_for(query, "products"),
            with_descendants=kind is TREES,
        )
    )
    return kind.page(query, found.documents, count=found.total_size)


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
    kind = _kind(query)
    found = await clients.storefront.ListStoreCategories(
        ListStoreCategoriesRequest(
            parent=f"tenants/{shop.id}",
            locales=await locales(request, query, shop),
            ids=[category_id],
            page_size=1,
            with_products=kind.asks_for(query, "products"),
            with_descendants=kind is TREES,
        )
    )
    if not found.documents:
        raise no_such("category", category_id)
    return kind.one(query, found.documents[0])
