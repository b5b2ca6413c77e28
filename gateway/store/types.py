"""`GET /store/product-types`: the types of products of this shop."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListStoreTypesRequest

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Many, Text
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.medusa.router import Router
from gateway.store.shopper import Shop, locales, no_such
from services.kernel.call.limits import most_characters, most_entries
from services.values.store_documents import StoreType

TYPES = PreparedResource(
    "product_type",
    "product_types",
    StoreType,
    Query(
        filters={
            "q": Text(most_characters(ListStoreTypesRequest, "query")),
            "id": Many(most_entries(ListStoreTypesRequest, "ids")),
            "value": Many(most_entries(ListStoreTypesRequest, "values"), have_commas=True),
        },
        order=("id", "value"),
    ),
)

router = Router(prefix="/store/product-types", tags=["Store"], responses=responses.STORE_ERRORS)


class StoreTypeAnswer(BaseModel):
    product_type: StoreType


class StoreTypesAnswer(Envelope):
    product_types: list[StoreType]


@router.get(
    "",
    summary="List product types",
    responses=responses.documented(StoreTypesAnswer, "A page of types, oldest first by default."),
    openapi_extra=TYPES.documented_list,
)
async def list_product_types(request: Request, shop: Shop, clients: ClientsOf) -> Response:
    """Lists the types of products that the shop sells."""
    query = TYPES.list_query(request)
    found = await clients.storefront.ListStoreTypes(
        ListStoreTypesRequest(
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
    return TYPES.page(query, found.documents, count=found.total_size)


@router.get(
    "/{type_id}",
    summary="Get a product type",
    responses=responses.documented(StoreTypeAnswer, "The type."),
    openapi_extra=TYPES.documented_one,
)
async def get_product_type(
    type_id: str, request: Request, shop: Shop, clients: ClientsOf
) -> Response:
    """Returns one type; 404 if no product of this shop has it."""
    query = TYPES.one_query(request)
    found = await clients.storefront.ListStoreTypes(
        ListStoreTypesRequest(
            parent=f"tenants/{shop.id}",
            locales=await locales(request, query, shop),
            ids=[type_id],
            page_size=1,
        )
    )
    if not found.documents:
        raise no_such("type", type_id)
    return TYPES.one(query, found.documents[0])
