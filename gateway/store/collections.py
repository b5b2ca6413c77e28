"""`GET /store/collections`: collections with products of this shop."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListStoreCollectionsRequest

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Many, Text, times
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.medusa.router import Router
from gateway.store.shopper import Shop, locales, no_such
from services.kernel.call.limits import most_characters, most_entries
from services.values.store_documents import StoreCollection

COLLECTIONS = PreparedResource(
    "collection",
    "collections",
    StoreCollection,
    Query(
        filters={
            "q": Text(most_characters(ListStoreCollectionsRequest, "query")),
            "id": Many(most_entries(ListStoreCollectionsRequest, "ids")),
            "title": Many(most_entries(ListStoreCollectionsRequest, "titles"), have_commas=True),
            "handle": Many(most_entries(ListStoreCollectionsRequest, "handles")),
            **times("created_at", "updated_at"),
        },
        order=("id", "created_at", "updated_at", "title", "handle"),
        limit=10,
    ),
    on_request=("products",),
)

router = Router(prefix="/store/collections", tags=["Store"], responses=responses.STORE_ERRORS)


class StoreCollectionAnswer(BaseModel):
    collection: StoreCollection


class StoreCollectionsAnswer(Envelope):
    collections: list[StoreCollection]


@router.get(
    "",
    summary="List collections",
    responses=responses.documented(
        StoreCollectionsAnswer, "A page of collections, newest first by default."
    ),
    openapi_extra=COLLECTIONS.documented_list,
)
async def list_collections(request: Request, shop: Shop, clients: ClientsOf) -> Response:
    """Lists the collections that have at least one product of the shop."""
    query = COLLECTIONS.list_query(request)
    found = await clients.storefront.ListStoreCollections(
        ListStoreCollectionsRequest(
            parent=f"tenants/{shop.id}",
            locales=await locales(request, query, shop),
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            ids=query.many("id"),
            handles=query.many("handle"),
            titles=query.many("title"),
            query=query.one("q"),
            created_at=query.time_range("created_at"),
            updated_at=query.time_range("updated_at"),
            with_products=COLLECTIONS.asks_for(query, "products"),
        )
    )
    return COLLECTIONS.page(query, found.documents, count=found.total_size)


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
    query = COLLECTIONS.one_query(request)
    found = await clients.storefront.ListStoreCollections(
        ListStoreCollectionsRequest(
            parent=f"tenants/{shop.id}",
            locales=await locales(request, query, shop),
            ids=[collection_id],
            page_size=1,
            with_products=COLLECTIONS.asks_for(query, "products"),
        )
    )
    if not found.documents:
        raise no_such("collection", collection_id)
    return COLLECTIONS.one(query, found.documents[0])
