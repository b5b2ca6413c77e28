"""Collections: groups of products that belong together."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import (
    CreateCollectionRequest,
    DeleteCollectionRequest,
    GetCollectionRequest,
    ListCollectionsRequest,
    UpdateCollectionRequest,
)
from souk.catalog_opt_in.v1.product_pb2 import Collection

from gateway.clients import Clients, ClientsOf
from gateway.documents.collection import (
    CollectionCreate,
    CollectionDocument,
    CollectionProducts,
    CollectionUpdate,
)
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, One, Text, times
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.request_state import BATCH_SECONDS
from services.kernel.call.limits import most_characters, most_entries

COLLECTIONS = Resource(
    "collection",
    "collections",
    CollectionDocument,
    Query(
        filters={
            "q": Text(most_characters(ListCollectionsRequest, "query")),
            "id": Many(most_entries(ListCollectionsRequest, "collections"), of=Id()),
            "title": One(most_characters(ListCollectionsRequest, "title")),
            "handle": Many(most_entries(ListCollectionsRequest, "handles")),
            **times("created_at", "updated_at"),
        },
        order=("created_at", "updated_at", "id", "title", "handle"),
        limit=10,
    ),
    on_request=("products",),
)
CollectionQuery = Annotated[ParsedQuery, Depends(COLLECTIONS.query_of_answer)]

router = Router(
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
    """Lists collections; sort by created_at, updated_at, id, title or handle."""
    query = COLLECTIONS.list_query(request)
    found = await clients.catalogue.ListCollections(
        ListCollectionsRequest(
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            collections=[f"collections/{id_}" for id_ in query.many("id")],
            title=query.one("title"),
            handles=query.many("handle"),
            created_at=query.time_range("created_at"),
            updated_at=query.time_range("updated_at"),
            with_products=COLLECTIONS.asks_for(query, "products"),
        )
    )
    return COLLECTIONS.page(query, found.collections, count=found.total_size)


@router.post(
    "",
    summary="Create a collection",
    responses=responses.documented(CollectionAnswer, "The collection."),
    openapi_extra=COLLECTIONS.documented_one,
)
async def create_collection(
    _: HeadOfficeScope,
    query: CollectionQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: CollectionCreate,
) -> Response:
    """Creates a collection."""
    collection = await clients.catalogue.CreateCollection(
        CreateCollectionRequest(collection=body.to_message(), request_id=key)
    )
    return await _answer(query, clients, collection)


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
        GetCollectionRequest(
            name=f"collections/{collection_id}",
            with_products=COLLECTIONS.asks_for(query, "products"),
        )
    )
    return COLLECTIONS.one(query, collection)


# Medusa's clients update with POST.
@router.post(
    "/{collection_id}",
    summary="Update a collection",
    responses=responses.documented(CollectionAnswer, "The updated collection."),
    openapi_extra=COLLECTIONS.documented_one,
)
@router.patch(
    "/{collection_id}",
    summary="Update a collection",
    responses=responses.documented(CollectionAnswer, "The updated collection."),
    openapi_extra=COLLECTIONS.documented_one,
)
async def update_collection(
    _: HeadOfficeScope,
    query: CollectionQuery,
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
    return await _answer(query, clients, collection)


@router.post(
    "/{collection_id}/products",
    summary="Add and remove a collection's products",
    responses=responses.documented(CollectionAnswer, "The collection."),
    openapi_extra=COLLECTIONS.documented_one,
)
async def change_products_of_collection(
    _: HeadOfficeScope,
    query: CollectionQuery,
    clients: ClientsOf,
    collection_id: str,
    key: IdempotencyKey,
    body: CollectionProducts,
) -> Response:
    """Puts products into a collection and takes others out, in one transaction: all, or none.

    Adding what is in it and removing what is not changes nothing. Each product that changes leaves
    an event of its own; x-audit-event names the first 20.
    """
    changed = await clients.catalogue.ChangeCollectionProducts(
        body.to_message(name=f"collections/{collection_id}", request_id=key), timeout=BATCH_SECONDS
    )
    return await _answer(query, clients, changed)


@router.delete(
    "/{collection_id}",
    summary="Delete a collection",
    responses=responses.documented(responses.Deleted, "The collection is deleted."),
)
async def delete_collection(
    _: HeadOfficeScope, clients: ClientsOf, collection_id: str, etag: IfMatch
) -> Response:
    """Deletes a collection; its products, of which it must not hold more than 1,000, stay."""
    await clients.catalogue.DeleteCollection(
        DeleteCollectionRequest(name=f"collections/{collection_id}", etag=etag)
    )
    return responses.deleted("collection", collection_id)


async def _answer(query: ParsedQuery, clients: Clients, written: Collection) -> Response:
    """Answers a write, with the products if the client asked for them."""
    if COLLECTIONS.asks_for(query, "products"):
        written = await clients.catalogue.GetCollection(
            GetCollectionRequest(name=written.name, with_products=True)
        )
    return COLLECTIONS.one(query, written)
