"""Collections: groups of products that belong together."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import (
    CreateCollectionRequest,
    DeleteCollectionRequest,
    GetCollectionRequest,
    ListCollectionsRequest,
    UpdateCollectionRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.collection import CollectionCreate, CollectionDocument, CollectionUpdate
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import One
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource

COLLECTIONS = Resource(
    "collection",
    "collections",
    CollectionDocument,
    Query(filters={"handle": One()}, order=("created_at", "updated_at", "title", "handle")),
)

router = APIRouter(
    prefix="/admin/collections",
    tags=["Catalogue"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class CollectionAnswer(BaseModel):
    collection: CollectionDocument


class CollectionsAnswer(Envelope):
    collections: list[CollectionDocument]


@router.get(
    "",
    summary="List collections",
    responses=responses.documented(CollectionsAnswer, "A page of collections."),
    openapi_extra=COLLECTIONS.documented_list,
)
async def list_collections(request: Request, _: HeadOfficeScope, clients: ClientsOf) -> Response:
    """Lists collections; sort by created_at, updated_at, title or handle."""
    query = COLLECTIONS.list_query(request)
    found = await clients.catalogue.ListCollections(
        ListCollectionsRequest(
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            handle=query.one("handle"),
        )
    )
    return COLLECTIONS.page(query, found.collections, count=found.total_size)


@router.post(
    "",
    summary="Create a collection",
    responses=responses.documented(CollectionAnswer, "The collection."),
)
async def create_collection(
    _: HeadOfficeScope, clients: ClientsOf, key: IdempotencyKey, body: CollectionCreate
) -> Response:
    """Creates a collection."""
    collection = await clients.catalogue.CreateCollection(
        CreateCollectionRequest(collection=body.to_message(), request_id=key)
    )
    return COLLECTIONS.response(collection)


@router.get(
    "/{collection_id}",
    summary="Get a collection",
    responses=responses.documented(CollectionAnswer, "The collection."),
    openapi_extra=COLLECTIONS.documented_one,
)
async def get_collection(
    request: Request, _: HeadOfficeScope, clients: ClientsOf, collection_id: str
) -> Response:
    """Returns one collection."""
    query = COLLECTIONS.one_query(request)
    collection = await clients.catalogue.GetCollection(
        GetCollectionRequest(name=f"collections/{collection_id}")
    )
    return COLLECTIONS.one(query, collection)


# Medusa's clients update with POST.
@router.post(
    "/{collection_id}",
    summary="Update a collection",
    responses=responses.documented(CollectionAnswer, "The updated collection."),
)
@router.patch(
    "/{collection_id}",
    summary="Update a collection",
    responses=responses.documented(CollectionAnswer, "The updated collection."),
)
async def update_collection(
    _: HeadOfficeScope,
    clients: ClientsOf,
    collection_id: str,
    etag: IfMatch,
    body: CollectionUpdate,
) -> Response:
    """Updates the fields in the body, also in the listings of its products."""
    change = body.to_message(name=f"collections/{collection_id}", etag=etag)
    collection = await clients.catalogue.UpdateCollection(
        UpdateCollectionRequest(collection=change, update_mask=body.to_mask())
    )
    return COLLECTIONS.response(collection)


@router.delete(
    "/{collection_id}",
    summary="Delete a collection",
    responses=responses.documented(responses.Deleted, "The collection is deleted."),
)
async def delete_collection(
    _: HeadOfficeScope, clients: ClientsOf, collection_id: str, etag: IfMatch
) -> Response:
    """Deletes a collection; it must hold no products."""
    await clients.catalogue.DeleteCollection(
        DeleteCollectionRequest(name=f"collections/{collection_id}", etag=etag)
    )
    return responses.deleted("collection", collection_id)
