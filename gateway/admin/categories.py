"""Categories: the tree in which shoppers browse."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import (
    CreateCategoryRequest,
    DeleteCategoryRequest,
    GetCategoryRequest,
    ListCategoriesRequest,
    UpdateCategoryRequest,
)
from souk.catalog_opt_in.v1.product_pb2 import Category

from gateway.clients import Clients, ClientsOf
from gateway.documents.category import (
    CategoryCreate,
    CategoryDocument,
    CategoryProducts,
    CategoryTreeDocument,
    CategoryUpdate,
)
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Flag, Id, Many, One, Text, times
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.request_state import BATCH_SECONDS
from services.kernel.call.limits import most_characters, most_entries

_RELATIVES = {"include_ancestors_tree": Flag(), "include_descendants_tree": Flag()}
CATEGORIES = Resource(
    "product_category",
    "product_categories",
    CategoryDocument,
    Query(
        filters={
            "q": Text(most_characters(ListCategoriesRequest, "query")),
            "id": Many(most_entries(ListCategoriesRequest, "categories"), of=Id()),
            "name": One(most_characters(ListCategoriesRequest, "title")),
            "handle": Many(most_entries(ListCategoriesRequest, "handles")),
            "parent_category_id": Id(),
            "is_active": Flag(),
            "is_internal": Flag(),
            **times("created_at", "updated_at"),
            **_RELATIVES,
        },
        order=("rank", "created_at", "updated_at", "id", "name", "title", "handle"),
    ),
    on_request=("products",),
)
TREES = Resource(
    "product_category",
    "product_categories",
    CategoryTreeDocument,
    one=Query(filters=_RELATIVES, limit=None),
    on_request=("products",),
)
CategoryQuery = Annotated[ParsedQuery, Depends(CATEGORIES.query_of_answer)]

router = Router(
    prefix="/admin/product-categories",
    tags=["Catalogue"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class CategoryAnswer(BaseModel):
    product_category: CategoryDocument


class CategoryOrTreeAnswer(BaseModel):
    product_category: CategoryDocument | CategoryTreeDocument


class CategoriesAnswer(Envelope):
    product_categories: list[CategoryDocument | CategoryTreeDocument]


def _kind(query: ParsedQuery) -> Resource[Category]:
    return TREES if query.flag("include_descendants_tree") else CATEGORIES


def _parent(query: ParsedQuery) -> str | None:
    id_ = query.one("parent_category_id")
    return "" if id_ == "null" else f"categories/{id_}" if id_ else None


@router.get(
    "",
    summary="List categories",
    responses=responses.documented(CategoriesAnswer, "A page of categories."),
    openapi_extra=CATEGORIES.documented_list,
)
async def list_categories(request: Request, _: HeadOfficeScope, clients: ClientsOf) -> Response:
    """Lists categories with those above them and their children; parents first by default.

    `parent_category_id=null` returns the top level. `include_descendants_tree` adds all that is
    below, which is at most 2,000; `include_ancestors_tree` is the default.
    """
    query = CATEGORIES.list_query(request)
    found = await clients.catalogue.ListCategories(
        ListCategoriesRequest(
            page_size=query.limit,
            skip=query.offset,
            # What Medusa calls the name is a title in the contract.
            order_by=query.order.replace("name", "title"),
            query=query.one("q"),
            categories=[f"categories/{id_}" for id_ in query.many("id")],
            title=query.one("name"),
            handles=query.many("handle"),
            parent=_parent(query),
            is_active=query.flag("is_active"),
            is_internal=query.flag("is_internal"),
            with_descendants=bool(query.flag("include_descendants_tree")),
            created_at=query.time_range("created_at"),
            updated_at=query.time_range("updated_at"),
            with_products=_kind(query).asks_for(query, "products"),
        )
    )
    return _kind(query).page(query, found.categories, count=found.total_size)


@router.post(
    "",
    summary="Create a category",
    responses=responses.documented(CategoryAnswer, "The category."),
    openapi_extra=CATEGORIES.documented_one,
)
async def create_category(
    _: HeadOfficeScope,
    query: CategoryQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: CategoryCreate,
) -> Response:
    """Creates a category."""
    category = await clients.catalogue.CreateCategory(
        CreateCategoryRequest(category=body.to_message(), request_id=key)
    )
    return await _answer(query, clients, category)


@router.get(
    "/{category_id}",
    summary="Get a category",
    responses=responses.documented(CategoryOrTreeAnswer, "The category."),
    openapi_extra=TREES.documented_one,
)
async def get_category(
    request: Request, _: HeadOfficeScope, clients: ClientsOf, category_id: str
) -> Response:
    """Returns one category; the parameters are as in the list."""
    query = TREES.one_query(request)
    category = await clients.catalogue.GetCategory(
        GetCategoryRequest(
            name=f"categories/{category_id}",
            with_descendants=bool(query.flag("include_descendants_tree")),
            with_products=_kind(query).asks_for(query, "products"),
        )
    )
    return _kind(query).one(query, category)


# Medusa's clients update with POST.
@router.post(
    "/{category_id}",
    summary="Update a category",
    responses=responses.documented(CategoryAnswer, "The updated category."),
    openapi_extra=CATEGORIES.documented_one,
)
@router.patch(
    "/{category_id}",
    summary="Update a category",
    responses=responses.documented(CategoryAnswer, "The updated category."),
    openapi_extra=CATEGORIES.documented_one,
)
async def update_category(
    _: HeadOfficeScope,
    query: CategoryQuery,
    clients: ClientsOf,
    category_id: str,
    etag: IfMatch,
    body: CategoryUpdate,
) -> Response:
    """Updates the fields in the body; a category cannot become its own descendant."""
    change = body.to_message(name=f"categories/{category_id}", etag=etag)
    category = await clients.catalogue.UpdateCategory(
        UpdateCategoryRequest(category=change, update_mask=body.to_mask())
    )
    return await _answer(query, clients, category)


@router.post(
    "/{category_id}/products",
    summary="Add and remove a category's products",
    responses=responses.documented(CategoryAnswer, "The category."),
    openapi_extra=CATEGORIES.documented_one,
)
async def change_products_of_category(
    _: HeadOfficeScope,
    query: CategoryQuery,
    clients: ClientsOf,
    category_id: str,
    key: IdempotencyKey,
    body: CategoryProducts,
) -> Response:
    """Puts products into a category and takes others out, in one transaction: all, or none.

    Adding what is in it and removing what is not changes nothing. Each product that changes leaves
    an event of its own; x-audit-event names the first 20.
    """
    changed = await clients.catalogue.ChangeCategoryProducts(
        body.to_message(name=f"categories/{category_id}", request_id=key), timeout=BATCH_SECONDS
    )
    return await _answer(query, clients, changed)


@router.delete(
    "/{category_id}",
    summary="Delete a category",
    responses=responses.documented(responses.Deleted, "The category is deleted."),
)
async def delete_category(
    _: HeadOfficeScope, clients: ClientsOf, category_id: str, etag: IfMatch
) -> Response:
    """Deletes a category; it must hold no others, and at most 1,000 products, which stay."""
    await clients.catalogue.DeleteCategory(
        DeleteCategoryRequest(name=f"categories/{category_id}", etag=etag)
    )
    return responses.deleted("product_category", category_id)


async def _answer(query: ParsedQuery, clients: Clients, written: Category) -> Response:
    """Answers a write, with the products if the client asked for them."""
    if CATEGORIES.asks_for(query, "products"):
        written = await clients.catalogue.GetCategory(
            GetCategoryRequest(name=written.name, with_products=True)
        )
    return CATEGORIES.one(query, written)
