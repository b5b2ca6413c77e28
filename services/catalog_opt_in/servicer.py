"""Composes the gRPC services of this process."""

from collections.abc import Sequence

from souk.catalog_opt_in.v1 import (
    catalog_service_pb2_grpc,
    file_service_pb2_grpc,
    listing_service_pb2_grpc,
    price_list_service_pb2_grpc,
    storefront_service_pb2_grpc,
)

from services.catalog_opt_in.files.servicer import Files
from services.catalog_opt_in.head_office import HeadOffice
from services.catalog_opt_in.listings.servicer import Listings
from services.catalog_opt_in.price_lists.servicer import PriceLists
from services.catalog_opt_in.products.servicer import Products
from services.catalog_opt_in.products.tenants import ProductTenants
from services.catalog_opt_in.products.variants.servicer import Variants
from services.catalog_opt_in.storefront.servicer import Storefront
from services.catalog_opt_in.taxonomy.categories.servicer import Categories
from services.catalog_opt_in.taxonomy.collections.servicer import Collections
from services.catalog_opt_in.taxonomy.terms.servicer import ProductTypes, Tags
from services.catalog_opt_in.translations.servicer import Translations
from services.kernel.serving.server import Runtime, Servicer


class Catalogue(
    Products,
    ProductTenants,
    Variants,
    Collections,
    Categories,
    Tags,
    ProductTypes,
    Translations,
    catalog_service_pb2_grpc.CatalogServiceServicer,
):
    def __init__(self, office: HeadOffice) -> None:
        self._office = office


def build(runtime: Runtime) -> Sequence[Servicer]:
    office = HeadOffice(runtime.db, runtime.settings.head_office)
    return [
        (catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server, Catalogue(office)),
        (listing_service_pb2_grpc.add_ListingServiceServicer_to_server, Listings(runtime.db)),
        (
            price_list_service_pb2_grpc.add_PriceListServiceServicer_to_server,
            PriceLists(runtime.db),
        ),
        (file_service_pb2_grpc.add_FileServiceServicer_to_server, Files(runtime.db)),
        (
            storefront_service_pb2_grpc.add_StorefrontServiceServicer_to_server,
            Storefront(runtime.db),
        ),
    ]
