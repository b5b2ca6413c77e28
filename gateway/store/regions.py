"""`GET /store/regions`: where the shop sells, and how can be paid there."""

from fastapi import Request, Response
from pydantic import BaseModel

from gateway.medusa import responses
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.medusa.router import Router
from gateway.store.markets import MarketsOf
from gateway.store.shopper import Shop
from services.values.market_documents import StoreRegion

REGIONS = PreparedResource("region", "regions", StoreRegion, Query(limit=20))

router = Router(prefix="/store/regions", tags=["Store"], responses=responses.STORE_ERRORS)


class StoreRegionAnswer(BaseModel):
    region: StoreRegion


class StoreRegionsAnswer(Envelope):
    regions: list[StoreRegion]


@router.get(
    "",
    summary="List regions",
    responses=responses.documented(StoreRegionsAnswer, "A page of the shop's regions."),
    openapi_extra=REGIONS.documented_list,
)
async def list_regions(request: Request, _shop: Shop, markets: MarketsOf) -> Response:
    """Lists the shop's regions, oldest first; there is at least one."""
    query = REGIONS.list_query(request)
    found = await markets.all()
    documents = [region.document for region in found]
    page = documents[query.offset : query.offset + query.limit]
    return REGIONS.page(query, page, count=len(found))


@router.get(
    "/{region_id}",
    summary="Get a region",
    responses=responses.documented(StoreRegionAnswer, "The region."),
    openapi_extra=REGIONS.documented_one,
)
async def get_region(region_id: str, request: Request, _shop: Shop, markets: MarketsOf) -> Response:
    """Returns one region of the shop."""
    query = REGIONS.one_query(request)
    return REGIONS.one(query, (await markets.named(region_id)).document)
