"""The tables of this service.

Three kinds. Taxonomy, offers with their parts and words, and `market_document` belong to the
platform: the head office writes them through the platform's door, and every tenant may read them.
The master products are the head office's own rows. What a tenant sells is the tenant's: which
products, at which prices and when, and the document of those with prices of its own; and so is what
it uploaded.
"""

from services.catalog_opt_in.models.files import File
from services.catalog_opt_in.models.listings import (
    Listing,
    ListingCategory,
    ListingPrice,
    ListingTag,
    TenantCatalogue,
)
from services.catalog_opt_in.models.offers import OfferOption, OfferValue, OfferVariant
from services.catalog_opt_in.models.price_lists import PriceList, PriceListPrice
from services.catalog_opt_in.models.products import (
    OptionValue,
    Part,
    Product,
    ProductCategory,
    ProductImage,
    ProductOption,
    ProductTag,
    Variant,
    VariantChoice,
    VariantPrice,
)
from services.catalog_opt_in.models.scopes import Base
from services.catalog_opt_in.models.search import ProductWords, Spelling
from services.catalog_opt_in.models.taxonomy import (
    Category,
    Collection,
    MarketDocument,
    Offer,
    ProductType,
    Tag,
)
from services.catalog_opt_in.models.translations import (
    ProductText,
    ProductTitle,
    TaxonomyText,
    Translation,
)

__all__ = [
    "Base",
    "Category",
    "Collection",
    "File",
    "Listing",
    "ListingCategory",
    "ListingPrice",
    "ListingTag",
    "MarketDocument",
    "Offer",
    "OfferOption",
    "OfferValue",
    "OfferVariant",
    "OptionValue",
    "Part",
    "PriceList",
    "PriceListPrice",
    "Product",
    "ProductCategory",
    "ProductImage",
    "ProductOption",
    "ProductTag",
    "ProductText",
    "ProductTitle",
    "ProductType",
    "ProductWords",
    "Spelling",
    "Tag",
    "TaxonomyText",
    "TenantCatalogue",
    "Translation",
    "Variant",
    "VariantChoice",
    "VariantPrice",
]
