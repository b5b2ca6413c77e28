"""Product types: what products are, each of at most one."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import (
    CreateProductTypeRequest,
    DeleteProductTypeRequest,
    GetProductTypeRequest,
    ListProductTypesRequest,
    UpdateProductTypeRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.tag import TypeCreate, TypeDocument, TypeUpdate
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, Text, times
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries

TYPES = Resource(
    "product_type",
    "product_types",
    TypeDocument,
    Query(
        filters={
            "q": Text(most_characters(ListProductTypesRequest, "query")),
            "id": Many(most_entries(ListProductTypesRequest, "product_types"), of=Id()),
            "value": Many(most_entries(ListProductTypesRequest, "values"), have_commas=True),
            **times("created_at", "updated_at"),
        },
        order=("created_at", "updated_at", "id", "value"),
        limit=10,
    ),
    # Medusa's have none; the ETag header has it.
    on_request=("etag",),
)
TypeQuery = Annotated[ParsedQuery, Depends(TYPES.query_of_answer)]

router = Router(
    prefix="/admin/product-types",
    tags=["Catalogue"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class TypeAnswer(BaseModel):
    product_type: TypeDocument


class TypesAnswer(Envelope):
    product_types: list[TypeDocument]


@router.get(
    "",
    summary="List product types",
    responses=responses.documented(TypesAnswer, "A page of product types."),
    openapi_extra=TYPES.documented_list,
)
async def list_product_types(request: Request, _: HeadOfficeScope, clients: ClientsOf) -> Response:
    """Lists product types; sort by created_at, updated_at, id or value."""
    query = TYPES.list_query(request)
    found = await clients.catalogue.ListProductTypes(
        ListProductTypesRequest(
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            product_types=[f"productTypes/{id_}" for id_ in query.many("id")],
            values=query.many("value"),
            created_at=query.time_range("created_at"),
            updated_at=query.time_range("updated_at"),
        )
    )
    return TYPES.page(query, found.product_types, count=found.total_size)


@router.post(
    "",
    summary="Create a product type",
    responses=responses.documented(TypeAnswer, "The product type."),
    openapi_extra=TYPES.documented_one,
)
async def create_product_type(
    _: HeadOfficeScope, query: TypeQuery, clients: ClientsOf, key: IdempotencyKey, body: TypeCreate
) -> Response:
    """Creates a product type; products can also make one by its value."""
    made = await clients.catalogue.CreateProductType(
        CreateProductTypeRequest(product_type=body.to_message(), request_id=key)
    )
    return TYPES.one(query, made)


@router.get(
    "/{type_id}",
    summary="Get a product type",
    responses=responses.documented(TypeAnswer, "The product type."),
    openapi_extra=TYPES.documented_one,
)
async def get_product_type(
    request: Request, _: HeadOfficeScope, clients: ClientsOf, type_id: str
) -> Response:
    """Returns one product type."""
    query = TYPES.one_query(request)
    found = await clients.catalogue.GetProductType(
        GetProductTypeRequest(name=f"productTypes/{type_id}")
    )
    return TYPES.one(query, found)


# Medusa's clients update with POST.
@router.post(
    "/{type_id}",
    summary="Update a product type",
    responses=responses.documented(TypeAnswer, "The updated product type."),
    openapi_extra=TYPES.documented_one,
)
@router.patch(
    "/{type_id}",
    summary="Update a product type",
    responses=responses.documented(TypeAnswer, "The updated product type."),
    openapi_extra=TYPES.documented_one,
)
async def update_product_type(
    _: HeadOfficeScope,
    query: TypeQuery,
    clients: ClientsOf,
    type_id: str,
    etag: IfMatch,
    body: TypeUpdate,
) -> Response:
    """Updates the fields in the body, also in the listings of its products."""
    change = body.to_message(name=f"productTypes/{type_id}", etag=etag)
    updated = await clients.catalogue.UpdateProductType(
        UpdateProductTypeRequest(product_type=change, update_mask=body.to_mask())
    )
    return TYPES.one(query, updated)


@router.delete(
    "/{type_id}",
    summary="Delete a product type",
    responses=responses.documented(responses.Deleted, "The product type is deleted."),
)
async def delete_product_type(
    _: HeadOfficeScope, clients: ClientsOf, type_id: str, etag: IfMatch
) -> Response:
    """Deletes a product type; its products, of which it must not have more than 1,000, stay."""
    await clients.catalogue.DeleteProductType(
        DeleteProductTypeRequest(name=f"productTypes/{type_id}", etag=etag)
    )
    return responses.deleted("product_type", type_id)
