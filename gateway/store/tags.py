"""`GET /store/product-tags`: the tags of products of this shop."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListStoreTagsRequest

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Many, Text
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.medusa.router import Router
from gateway.store.shopper import Shop, locales, no_such
from services.kernel.call.limits import most_characters, most_entries
from services.values.store_documents import StoreTag

TAGS = PreparedResource(
    "product_tag",
    "product_tags",
    StoreTag,
    Query(
        filters={
            "q": Text(most_characters(ListStoreTagsRequest, "query")),
            "id": Many(most_entries(ListStoreTagsRequest, "ids")),
            "value": Many(most_entries(ListStoreTagsRequest, "values"), have_commas=True),
        },
        order=("id", "value"),
    ),
)

router = Router(prefix="/store/product-tags", tags=["Store"], responses=responses.STORE_ERRORS)


class StoreTagAnswer(BaseModel):
    product_tag: StoreTag


class StoreTagsAnswer(Envelope):
    product_tags: list[StoreTag]


@router.get(
    "",
    summary="List product tags",
    responses=responses.documented(StoreTagsAnswer, "A page of tags, oldest first by default."),
    openapi_extra=TAGS.documented_list,
)
async def list_product_tags(request: Request, shop: Shop, clients: ClientsOf) -> Response:
    """Lists the tags of products that the shop sells."""
    query = TAGS.list_query(request)
    found = await clients.storefront.ListStoreTags(
        ListStoreTagsRequest(
            parent=f"tenants/{shop.id}",
            locales=await locales(request, query, shop),
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            ids=query.many("id"),
            values=query.many("value"),
            query=query.one("q"),
        )
    )
    return TAGS.page(query, found.documents, count=found.total_size)


@router.get(
    "/{tag_id}",
    summary="Get a product tag",
    responses=responses.documented(StoreTagAnswer, "The tag."),
    openapi_extra=TAGS.documented_one,
)
async def get_product_tag(
    tag_id: str, request: Request, shop: Shop, clients: ClientsOf
) -> Response:
    """Returns one tag; 404 if no product of this shop has it."""
    query = TAGS.one_query(request)
    found = await clients.storefront.ListStoreTags(
        ListStoreTagsRequest(
            parent=f"tenants/{shop.id}",
            locales=await locales(request, query, shop),
            ids=[tag_id],
            page_size=1,
        )
    )
    if not found.documents:
        raise no_such("tag", tag_id)
    return TAGS.one(query, found.documents[0])
