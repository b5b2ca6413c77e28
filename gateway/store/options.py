"""`GET /store/product-options`: the options of products of this shop."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListStoreOptionsRequest

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Flag, Many, Text
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.medusa.router import Router
from gateway.store.shopper import Shop, locales, no_such
from services.kernel.call.limits import most_characters, most_entries
from services.values.store_documents import StoreOption

OPTIONS = PreparedResource(
    "product_option",
    "product_options",
    StoreOption,
    Query(
        filters={
            "q": Text(most_characters(ListStoreOptionsRequest, "query")),
            "id": Many(most_entries(ListStoreOptionsRequest, "ids")),
            "title": Many(most_entries(ListStoreOptionsRequest, "titles"), have_commas=True),
            "is_exclusive": Flag(),
        },
        order=("id", "title"),
    ),
)

router = Router(prefix="/store/product-options", tags=["Store"], responses=responses.STORE_ERRORS)


class StoreOptionAnswer(BaseModel):
    product_option: StoreOption


class StoreOptionsAnswer(Envelope):
    product_options: list[StoreOption]


@router.get(
    "",
    summary="List options of products",
    responses=responses.documented(
        StoreOptionsAnswer, "A page of options, oldest first by default."
    ),
    openapi_extra=OPTIONS.documented_list,
)
async def list_product_options(request: Request, shop: Shop, clients: ClientsOf) -> Response:
    """Lists the options of the shop's products; no two products share one."""
    query = OPTIONS.list_query(request)
    if query.flag("is_exclusive") is False:
        return OPTIONS.page(query, [], count=0)
    found = await clients.storefront.ListStoreOptions(
        ListStoreOptionsRequest(
            parent=f"tenants/{shop.id}",
            page_size=query.limit,
            locales=await locales(request, query, shop),
            skip=query.offset,
            order_by=query.order,
            ids=query.many("id"),
            titles=query.many("title"),
            query=query.one("q"),
        )
    )
    return OPTIONS.page(query, found.documents, count=found.total_size)


@router.get(
    "/{option_id}",
    summary="Get an option of a product",
    responses=responses.documented(StoreOptionAnswer, "The option."),
    openapi_extra=OPTIONS.documented_one,
)
async def get_product_option(
    option_id: str, request: Request, shop: Shop, clients: ClientsOf
) -> Response:
    """Returns one option; 404 if no product of this shop has it."""
    query = OPTIONS.one_query(request)
    found = await clients.storefront.ListStoreOptions(
        ListStoreOptionsRequest(
            parent=f"tenants/{shop.id}",
            ids=[option_id],
            page_size=1,
            locales=await locales(request, query, shop),
        )
    )
    if not found.documents:
        raise no_such("option", option_id)
    return OPTIONS.one(query, found.documents[0])
