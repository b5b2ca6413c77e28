"""Categories: the tree in which shoppers browse."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import (
    CreateCategoryRequest,
    DeleteCategoryRequest,
    GetCategoryRequest,
    ListCategoriesRequest,
    UpdateCategoryRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.category import CategoryCreate, CategoryDocument, CategoryUpdate
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import One
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource

CATEGORIES = Resource(
    "product_category",
    "product_categories",
    CategoryDocument,
    Query(filters={"handle": One()}, order=("rank", "created_at", "title", "handle")),
)

router = APIRouter(
    prefix="/admin/product-categories",
    tags=["Catalogue"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class CategoryAnswer(BaseModel):
    product_category: CategoryDocument


class CategoriesAnswer(Envelope):
    product_categories: list[CategoryDocument]


@router.get(
    "",
    summary="List categories",
    responses=responses.documented(CategoriesAnswer, "A page of categories."),
    openapi_extra=CATEGORIES.documented_list,
)
async def list_categories(request: Request, _: HeadOfficeScope, clients: ClientsOf) -> Response:
    """Lists categories; sort by rank, created_at, title or handle."""
    query = CATEGORIES.list_query(request)
    found = await clients.catalogue.ListCategories(
        ListCategoriesRequest(
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            handle=query.one("handle"),
        )
    )
    return CATEGORIES.page(query, found.categories, count=found.total_size)


@router.post(
    "", summary="Create a category", responses=responses.documented(CategoryAnswer, "The category.")
)
async def create_category(
    _: HeadOfficeScope, clients: ClientsOf, key: IdempotencyKey, body: CategoryCreate
) -> Response:
    """Creates a category."""
    category = await clients.catalogue.CreateCategory(
        CreateCategoryRequest(category=body.to_message(), request_id=key)
    )
    return CATEGORIES.response(category)


@router.get(
    "/{category_id}",
    summary="Get a category",
    responses=responses.documented(CategoryAnswer, "The category."),
    openapi_extra=CATEGORIES.documented_one,
)
async def get_category(
    request: Request, _: HeadOfficeScope, clients: ClientsOf, category_id: str
) -> Response:
    """Returns one category."""
    query = CATEGORIES.one_query(request)
    category = await clients.catalogue.GetCategory(
        GetCategoryRequest(name=f"categories/{category_id}")
    )
    return CATEGORIES.one(query, category)


# Medusa's clients update with POST.
@router.post(
    "/{category_id}",
    summary="Update a category",
    responses=responses.documented(CategoryAnswer, "The updated category."),
)
@router.patch(
    "/{category_id}",
    summary="Update a category",
    responses=responses.documented(CategoryAnswer, "The updated category."),
)
async def update_category(
    _: HeadOfficeScope, clients: ClientsOf, category_id: str, etag: IfMatch, body: CategoryUpdate
) -> Response:
    """Updates the fields in the body; a category cannot become its own descendant."""
    change = body.to_message(name=f"categories/{category_id}", etag=etag)
    category = await clients.catalogue.UpdateCategory(
        UpdateCategoryRequest(category=change, update_mask=body.to_mask())
    )
    return CATEGORIES.response(category)


@router.delete(
    "/{category_id}",
    summary="Delete a category",
    responses=responses.documented(responses.Deleted, "The category is deleted."),
)
async def delete_category(
    _: HeadOfficeScope, clients: ClientsOf, category_id: str, etag: IfMatch
) -> Response:
    """Deletes a category; it must hold no products and no other categories."""
    await clients.catalogue.DeleteCategory(
        DeleteCategoryRequest(name=f"categories/{category_id}", etag=etag)
    )
    return responses.deleted("product_category", category_id)
