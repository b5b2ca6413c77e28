"""`GET /store/regions`: each shop is one region, made from the tenant's settings."""

import orjson
from fastapi import Request, Response
from pydantic import BaseModel, Field

from gateway.documents.region import region_id
from gateway.medusa import responses
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.medusa.router import Router
from gateway.store.shopper import Shop, check_region
from gateway.tenancy import KnownTenant
from services.values.cart_documents import MarketCountry
from services.values.countries import country_of_region, name_of


class StoreRegion(BaseModel):
    """The country and currency of a shop; each shop has exactly one region."""

    id: str = Field(examples=["reg_paris"])
    name: str
    currency_code: str = Field(description="ISO 4217, lower case.", examples=["eur"])
    automatic_taxes: bool
    countries: list[MarketCountry]


class StoreRegionAnswer(BaseModel):
    region: StoreRegion


class StoreRegionsAnswer(Envelope):
    regions: list[StoreRegion]


REGIONS = PreparedResource("region", "regions", StoreRegion, Query(limit=20))

router = Router(prefix="/store/regions", tags=["Store"], responses=responses.STORE_ERRORS)


@router.get(
    "",
    summary="List regions",
    responses=responses.documented(StoreRegionsAnswer, "The shop's region."),
    openapi_extra=REGIONS.documented_list,
)
async def list_regions(request: Request, shop: Shop) -> Response:
    """Lists the shop's regions; there is exactly one."""
    query = REGIONS.list_query(request)
    return REGIONS.page(query, [orjson.dumps(region(shop))][query.offset :], count=1)


@router.get(
    "/{region_id}",
    summary="Get a region",
    responses=responses.documented(StoreRegionAnswer, "The region."),
    openapi_extra=REGIONS.documented_one,
)
async def get_region(region_id: str, request: Request, shop: Shop) -> Response:
    """Returns the shop's region; any other id returns 404."""
    query = REGIONS.one_query(request)
    check_region(region_id, shop)
    return REGIONS.one(query, orjson.dumps(region(shop)))


def region(shop: KnownTenant) -> dict[str, object]:
    """Describes a shop as Medusa's region."""
    id_ = region_id(shop.id)
    return {
        "id": id_,
        "name": name_of(shop.country_code),
        "currency_code": shop.currency_code.lower(),
        "automatic_taxes": False,
        "countries": [country_of_region(shop.country_code, id_)],
    }
