"""`GET /store/regions`: each shop is one region, made from what the platform knows of it."""

from fastapi import APIRouter, Response

from gateway import answers
from gateway.store.countries import NAMES
from gateway.store.documents import StoreRegionAnswer, StoreRegionsAnswer
from gateway.store.shopper import Shop
from gateway.tenancy import KnownTenant
from services.kernel.errors import NotFound

router = APIRouter(prefix="/store/regions", tags=["Store"], responses=answers.STORE_ERRORS)


@router.get(
    "", summary="List regions", responses=answers.documented(StoreRegionsAnswer, "The one region.")
)
async def list_regions(shop: Shop) -> Response:
    """Lists the shop's regions: there is one."""
    return answers.page("regions", [region(shop)], count=1, offset=0, limit=20)


@router.get(
    "/{region_id}",
    summary="Read a region",
    responses=answers.documented(StoreRegionAnswer, "The region."),
)
async def get_region(region_id: str, shop: Shop) -> Response:
    """Reads the shop's region; every other id is 404, another shop's too."""
    if region_id != region_of(shop):
        raise NotFound("REGION_NOT_FOUND", f"no region {region_id[:100]}")
    return answers.one("region", region(shop))


def region_of(shop: KnownTenant) -> str:
    return f"reg_{shop.id}"


def region(shop: KnownTenant) -> dict[str, object]:
    """Describes a shop as a region, in Medusa's words."""
    country = NAMES.get(shop.country_code, shop.country_code)
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
