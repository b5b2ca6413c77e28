"""Product tags: words that products share and shoppers filter by."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import (
    CreateTagRequest,
    DeleteTagRequest,
    GetTagRequest,
    ListTagsRequest,
    UpdateTagRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.tag import TagCreate, TagDocument, TagUpdate
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, Text, times
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries

TAGS = Resource(
    "product_tag",
    "product_tags",
    TagDocument,
    Query(
        filters={
            "q": Text(most_characters(ListTagsRequest, "query")),
            "id": Many(most_entries(ListTagsRequest, "tags"), of=Id()),
            "value": Many(most_entries(ListTagsRequest, "values"), have_commas=True),
            **times("created_at", "updated_at"),
        },
        order=("created_at", "updated_at", "id", "value"),
        limit=20,
    ),
    # Medusa's have none; the ETag header has it.
    on_request=("etag",),
)
TagQuery = Annotated[ParsedQuery, Depends(TAGS.query_of_answer)]

router = Router(
    prefix="/admin/product-tags",
    tags=["Catalogue"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class TagAnswer(BaseModel):
    product_tag: TagDocument


class TagsAnswer(Envelope):
    product_tags: list[TagDocument]


@router.get(
    "",
    summary="List product tags",
    responses=responses.documented(TagsAnswer, "A page of product tags."),
    openapi_extra=TAGS.documented_list,
)
async def list_product_tags(request: Request, _: HeadOfficeScope, clients: ClientsOf) -> Response:
    """Lists product tags; sort by created_at, updated_at, id or value."""
    query = TAGS.list_query(request)
    found = await clients.catalogue.ListTags(
        ListTagsRequest(
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            tags=[f"productTags/{id_}" for id_ in query.many("id")],
            values=query.many("value"),
            created_at=query.time_range("created_at"),
            updated_at=query.time_range("updated_at"),
        )
    )
    return TAGS.page(query, found.tags, count=found.total_size)


@router.post(
    "",
    summary="Create a product tag",
    responses=responses.documented(TagAnswer, "The product tag."),
    openapi_extra=TAGS.documented_one,
)
async def create_product_tag(
    _: HeadOfficeScope, query: TagQuery, clients: ClientsOf, key: IdempotencyKey, body: TagCreate
) -> Response:
    """Creates a product tag; products can also make one by its value."""
    made = await clients.catalogue.CreateTag(
        CreateTagRequest(tag=body.to_message(), request_id=key)
    )
    return TAGS.one(query, made)


@router.get(
    "/{tag_id}",
    summary="Get a product tag",
    responses=responses.documented(TagAnswer, "The product tag."),
    openapi_extra=TAGS.documented_one,
)
async def get_product_tag(
    request: Request, _: HeadOfficeScope, clients: ClientsOf, tag_id: str
) -> Response:
    """Returns one product tag."""
    query = TAGS.one_query(request)
    found = await clients.catalogue.GetTag(GetTagRequest(name=f"productTags/{tag_id}"))
    return TAGS.one(query, found)


# Medusa's clients update with POST.
@router.post(
    "/{tag_id}",
    summary="Update a product tag",
    responses=responses.documented(TagAnswer, "The updated product tag."),
    openapi_extra=TAGS.documented_one,
)
@router.patch(
    "/{tag_id}",
    summary="Update a product tag",
    responses=responses.documented(TagAnswer, "The updated product tag."),
    openapi_extra=TAGS.documented_one,
)
async def update_product_tag(
    _: HeadOfficeScope,
    query: TagQuery,
    clients: ClientsOf,
    tag_id: str,
    etag: IfMatch,
    body: TagUpdate,
) -> Response:
    """Updates the fields in the body, also in the listings of its products."""
    change = body.to_message(name=f"productTags/{tag_id}", etag=etag)
    updated = await clients.catalogue.UpdateTag(
        UpdateTagRequest(tag=change, update_mask=body.to_mask())
    )
    return TAGS.one(query, updated)


@router.delete(
    "/{tag_id}",
    summary="Delete a product tag",
    responses=responses.documented(responses.Deleted, "The product tag is deleted."),
)
async def delete_product_tag(
    _: HeadOfficeScope, clients: ClientsOf, tag_id: str, etag: IfMatch
) -> Response:
    """Deletes a product tag; its products, of which it must not have more than 1,000, stay."""
    await clients.catalogue.DeleteTag(DeleteTagRequest(name=f"productTags/{tag_id}", etag=etag))
    return responses.deleted("product_tag", tag_id)
