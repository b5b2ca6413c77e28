"""`GET /store/regions`: each shop is one region, made from the tenant's settings."""

from fastapi import APIRouter, Request, Response

from gateway.medusa import responses
from gateway.medusa.query import Query
from gateway.store.asking import Resource, check_region
from gateway.store.countries import name_of
from gateway.store.documents import StoreRegion, StoreRegionAnswer, StoreRegionsAnswer
from gateway.store.shopper import Shop, region_of
from gateway.tenancy import KnownTenant

REGIONS = Resource("region", "regions", StoreRegion, Query(limit=20))

router = APIRouter(prefix="/store/regions", tags=["Store"], responses=responses.STORE_ERRORS)


@router.get(
    "",
    summary="List regions",
    responses=responses.documented(StoreRegionsAnswer, "The shop's region."),
    openapi_extra=REGIONS.documented_list,
)
async def list_regions(request: Request, shop: Shop) -> Response:
    """Lists the shop's regions; there is exactly one."""
    asked, selection = REGIONS.list_asked(request, shop)
    shown = [selection.of(region(shop))][asked.offset :]
    return responses.page("regions", shown, count=1, offset=asked.offset, limit=asked.limit)


@router.get(
    "/{region_id}",
    summary="Get a region",
    responses=responses.documented(StoreRegionAnswer, "The region."),
    openapi_extra=REGIONS.documented_one,
)
async def get_region(region_id: str, request: Request, shop: Shop) -> Response:
    """Returns the shop's region; any other id returns 404."""
    selection = REGIONS.one_asked(request, shop)
    check_region(region_id, shop)
    return responses.one("region", selection.of(region(shop)))


def region(shop: KnownTenant) -> dict[str, object]:
    """Describes a shop as Medusa's region."""
    country = name_of(shop.country_code)
    return {
        "id": region_of(shop),
        "name": country,
        "currency_code": shop.currency_code.lower(),
        "automatic_taxes": False,
        "countries": [
            {
                "iso_2": shop.country_code.lower(),
                "name": country.upper(),
                "display_name": country,
                "region_id": region_of(shop),
            }
        ],
    }
