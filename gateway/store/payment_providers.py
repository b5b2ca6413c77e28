"""`GET /store/payment-providers`: how can be paid in a region."""

import orjson
from fastapi import Request, Response

from gateway.medusa import responses
from gateway.medusa.filters import One
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.medusa.router import Router
from gateway.store.markets import MarketsOf
from gateway.store.shopper import Shop
from services.values.market_documents import PaymentProvider

PROVIDERS = PreparedResource(
    "payment_provider",
    "payment_providers",
    PaymentProvider,
    Query(filters={"region_id": One()}, required=["region_id"], limit=20),
)

router = Router(prefix="/store/payment-providers", tags=["Store"], responses=responses.STORE_ERRORS)


class PaymentProvidersAnswer(Envelope):
    payment_providers: list[PaymentProvider]


@router.get(
    "",
    summary="List payment providers",
    responses=responses.documented(PaymentProvidersAnswer, "A page of payment providers."),
    openapi_extra=PROVIDERS.documented_list,
)
async def list_payment_providers(request: Request, _shop: Shop, markets: MarketsOf) -> Response:
    """Lists how can be paid in a region, in the order that staff have given."""
    query = PROVIDERS.list_query(request)
    found = (await markets.named(query.one("region_id"))).payment_providers
    documents = [orjson.dumps(PaymentProvider(id=id_, is_enabled=True)) for id_ in found]
    page = documents[query.offset : query.offset + query.limit]
    return PROVIDERS.page(query, page, count=len(found))
