"""`GET /store/collections`: collections with products of this shop."""

from fastapi import APIRouter, Request, Response
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListStoreCollectionsRequest

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Many
from gateway.medusa.query import Query
from gateway.store.asking import Resource
from gateway.store.documents import (
    StoreCollection,
    StoreCollectionAnswer,
    StoreCollectionsAnswer,
)
from gateway.store.shopper import Shop
from services.kernel.call.limits import most_entries

COLLECTIONS = Resource(
    "collection",
    "collections",
    StoreCollection,
    Query(
        filters={
            "id": Many(most_entries(ListStoreCollectionsRequest, "ids")),
            "handle": Many(most_entries(ListStoreCollectionsRequest, "handles")),
        },
        order=("created_at", "title", "handle"),
        limit=10,
    ),
)

router = APIRouter(prefix="/store/collections", tags=["Store"], responses=responses.STORE_ERRORS)


@router.get(
    "",
    summary="List collections",
    responses=responses.documented(StoreCollectionsAnswer, "A page of collections."),
    openapi_extra=COLLECTIONS.documented_list,
)
async def list_collections(request: Request, shop: Shop, clients: ClientsOf) -> Response:
    """Lists the collections that have at least one product of the shop."""
    asked, selection = COLLECTIONS.list_asked(request, shop)
    found = await clients.storefront.ListStoreCollections(
        ListStoreCollectionsRequest(
            parent=f"tenants/{shop.id}",
            page_size=asked.limit,
            skip=asked.offset,
            order_by=asked.order,
            ids=asked.many("id"),
            handles=asked.many("handle"),
        )
    )
    return COLLECTIONS.page(
        found.documents, count=found.total_size, asked=asked, selection=selection
    )


@router.get(
    "/{collection_id}",
    summary="Get a collection",
    responses=responses.documented(StoreCollectionAnswer, "The collection."),
    openapi_extra=COLLECTIONS.documented_one,
)
async def get_collection(
    collection_id: str, request: Request, shop: Shop, clients: ClientsOf
) -> Response:
    """Returns one collection; 404 if it has no product of this shop."""
    selection = COLLECTIONS.one_asked(request, shop)
    found = await clients.storefront.ListStoreCollections(
        ListStoreCollectionsRequest(parent=f"tenants/{shop.id}", ids=[collection_id], page_size=1)
    )
    if not found.documents:
        raise COLLECTIONS.not_found(collection_id)
    return COLLECTIONS.one(found.documents[0], selection)
