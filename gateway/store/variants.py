"""`GET /store/product-variants`: the variants that this shop sells, at its own prices."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListStoreVariantsRequest

from gateway.clients import ClientsOf
from gateway.medusa import responses
from gateway.medusa.filters import Many, Text
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.medusa.router import Router
from gateway.store import quantities
from gateway.store.markets import MarketsOf
from gateway.store.shopper import CONTEXT, Shop, currency_of, locales, no_such
from services.kernel.call.limits import most_characters, most_entries
from services.values.store_documents import StoreVariant

QUANTITY = "inventory_quantity"
VARIANTS = PreparedResource(
    "variant",
    "variants",
    StoreVariant,
    Query(
        filters={
            "q": Text(most_characters(ListStoreVariantsRequest, "query")),
            "id": Many(most_entries(ListStoreVariantsRequest, "ids")),
            "product_id": Many(most_entries(ListStoreVariantsRequest, "product_ids")),
            "sku": Many(most_entries(ListStoreVariantsRequest, "skus"), have_commas=True),
            **CONTEXT,
        },
        order=("id", "title", "sku"),
        limit=20,
    ),
    one=Query(CONTEXT, limit=None),
    on_request=(QUANTITY,),
)

router = Router(prefix="/store/product-variants", tags=["Store"], responses=responses.STORE_ERRORS)


class StoreVariantAnswer(BaseModel):
    variant: StoreVariant


class StoreVariantsAnswer(Envelope):
    variants: list[StoreVariant]


@router.get(
    "",
    summary="List variants",
    responses=responses.documented(
        StoreVariantsAnswer, "A page of variants, oldest first by default."
    ),
    openapi_extra=VARIANTS.documented_list,
)
async def list_variants(
    request: Request, shop: Shop, clients: ClientsOf, markets: MarketsOf
) -> Response:
    """Lists the variants that the shop sells, of all its products."""
    query = VARIANTS.list_query(request)
    currency = await currency_of(query, shop, markets)
    found = await clients.storefront.ListStoreVariants(
        ListStoreVariantsRequest(
            parent=f"tenants/{shop.id}",
            page_size=query.limit,
            locales=await locales(request, query, shop),
            currency_code=currency,
            skip=query.offset,
            order_by=query.order,
            ids=query.many("id"),
            product_ids=query.many("product_id"),
            skus=query.many("sku"),
            query=query.one("q"),
        )
    )
    complete = quantities.of_variants(request) if VARIANTS.asks_for(query, QUANTITY) else None
    return VARIANTS.page(query, found.documents, count=found.total_size, complete=complete)


@router.get(
    "/{variant_id}",
    summary="Get a variant",
    responses=responses.documented(StoreVariantAnswer, "The variant."),
    openapi_extra=VARIANTS.documented_one,
)
async def get_variant(
    variant_id: str, request: Request, shop: Shop, clients: ClientsOf, markets: MarketsOf
) -> Response:
    """Returns one variant; 404 if this shop does not sell it."""
    query = VARIANTS.one_query(request)
    currency = await currency_of(query, shop, markets)
    found = await clients.storefront.ListStoreVariants(
        ListStoreVariantsRequest(
            parent=f"tenants/{shop.id}",
            ids=[variant_id],
            page_size=1,
            locales=await locales(request, query, shop),
            currency_code=currency,
        )
    )
    if not found.documents:
        raise no_such("variant", variant_id)
    complete = quantities.of_variants(request) if VARIANTS.asks_for(query, QUANTITY) else None
    return VARIANTS.one(query, found.documents[0], complete)
