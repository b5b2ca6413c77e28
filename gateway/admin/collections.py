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

from gateway.admin.asking import READS_ONE, Envelope, Resource, WritesAskNothing
from gateway.admin.shapes.taxonomy import (
    CollectionCreate,
    CollectionDocument,
    CollectionUpdate,
    collection_json,
    collection_mask,
    collection_message,
)
from gateway.clients import ClientsOf
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import One
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import Query

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
    dependencies=[WritesAskNothing],
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
    asked = COLLECTIONS.asked(request)
    found = await clients.catalogue.ListCollections(
        ListCollectionsRequest(
            page_size=asked.limit,
            skip=asked.offset,
            order_by=asked.order,
            handle=asked.one("handle"),
        )
    )
    documents = [collection_json(one) for one in found.collections]
    return COLLECTIONS.page(asked, documents, count=found.total_size)


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
        CreateCollectionRequest(collection=collection_message(body), request_id=key)
    )
    return responses.one("collection", collection_json(collection), etag=collection.etag)


@router.get(
    "/{collection_id}",
    summary="Get a collection",
    responses=responses.documented(CollectionAnswer, "The collection."),
    **READS_ONE,
)
async def get_collection(
    request: Request, _: HeadOfficeScope, clients: ClientsOf, collection_id: str
) -> Response:
    """Returns one collection."""
    collection = await clients.catalogue.GetCollection(
        GetCollectionRequest(name=f"collections/{collection_id}")
    )
    return COLLECTIONS.one(request, collection_json(collection))


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
    change = collection_message(body, name=f"collections/{collection_id}", etag=etag)
    collection = await clients.catalogue.UpdateCollection(
        UpdateCollectionRequest(collection=change, update_mask=collection_mask(body))
    )
    return responses.one("collection", collection_json(collection), etag=collection.etag)


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
