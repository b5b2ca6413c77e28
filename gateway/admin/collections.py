"""Collections: products that belong together for a shopper."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import (
    CreateCollectionRequest,
    DeleteCollectionRequest,
    GetCollectionRequest,
    ListCollectionsRequest,
    UpdateCollectionRequest,
)

from gateway import answers
from gateway.admin.paging import Envelope, Ordered
from gateway.admin.shapes.taxonomy import (
    CollectionCreate,
    CollectionDocument,
    CollectionUpdate,
    collection_json,
    collection_mask,
    collection_message,
)
from gateway.auth import HeadOfficeScope
from gateway.bodies import ExactRoute
from gateway.headers import IdempotencyKey, IfMatch
from gateway.runtime import ClientsOf

router = APIRouter(
    prefix="/admin/collections",
    tags=["Catalogue"],
    responses=answers.ADMIN_ERRORS,
    route_class=ExactRoute,
)


class CollectionAnswer(BaseModel):
    collection: CollectionDocument


class CollectionsAnswer(Envelope):
    collections: list[CollectionDocument]


class CollectionsQuery(Ordered):
    handle: str = ""


@router.get("", responses=answers.documented(CollectionsAnswer, "A page of collections."))
async def list_collections(
    _: HeadOfficeScope, clients: ClientsOf, query: Annotated[CollectionsQuery, Query()]
) -> Response:
    """Lists collections; by created_at, updated_at, title or handle."""
    found = await clients.catalogue.ListCollections(
        ListCollectionsRequest(
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            handle=query.handle,
        )
    )
    documents = [collection_json(one) for one in found.collections]
    return query.page_of("collections", documents, count=found.total_size)


@router.post("", responses=answers.documented(CollectionAnswer, "The collection."))
async def create_collection(
    _: HeadOfficeScope, clients: ClientsOf, key: IdempotencyKey, body: CollectionCreate
) -> Response:
    """Creates a collection."""
    collection = await clients.catalogue.CreateCollection(
        CreateCollectionRequest(collection=collection_message(body), request_id=key)
    )
    return answers.one("collection", collection_json(collection), etag=collection.etag)


@router.get("/{collection_id}", responses=answers.documented(CollectionAnswer, "The collection."))
async def get_collection(_: HeadOfficeScope, clients: ClientsOf, collection_id: str) -> Response:
    """Reads one collection."""
    collection = await clients.catalogue.GetCollection(
        GetCollectionRequest(name=f"collections/{collection_id}")
    )
    return answers.one("collection", collection_json(collection), etag=collection.etag)


# Medusa's clients update with POST.
@router.post("/{collection_id}", responses=answers.documented(CollectionAnswer, "It, changed."))
@router.patch("/{collection_id}", responses=answers.documented(CollectionAnswer, "It, changed."))
async def update_collection(
    _: HeadOfficeScope,
    clients: ClientsOf,
    collection_id: str,
    etag: IfMatch,
    body: CollectionUpdate,
) -> Response:
    """Changes the keys that the body holds; every listing in it follows."""
    change = collection_message(body, name=f"collections/{collection_id}", etag=etag)
    collection = await clients.catalogue.UpdateCollection(
        UpdateCollectionRequest(collection=change, update_mask=collection_mask(body))
    )
    return answers.one("collection", collection_json(collection), etag=collection.etag)


@router.delete("/{collection_id}", responses=answers.documented(answers.Deleted, "It is removed."))
async def delete_collection(
    _: HeadOfficeScope, clients: ClientsOf, collection_id: str, etag: IfMatch
) -> Response:
    """Removes a collection that holds no product."""
    await clients.catalogue.DeleteCollection(
        DeleteCollectionRequest(name=f"collections/{collection_id}", etag=etag)
    )
    return answers.deleted("collection", collection_id)
