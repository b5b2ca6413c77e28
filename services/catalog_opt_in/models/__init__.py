"""The tables of this service.

Three kinds. Taxonomy and `offer` belong to the platform: the head office writes them through the
platform's door, and every tenant may read them. The master products are the head office's own rows.
What a tenant sells is the tenant's, down to the finished document, so that a storefront never reads
anybody else's rows.
"""

from services.catalog_opt_in.models.listings import (
    Listing,
    ListingCategory,
    ListingPrice,
    ListingTag,
    TenantCatalogue,
)
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
from services.catalog_opt_in.models.taxonomy import Category, Collection, Offer, ProductType, Tag

__all__ = [
    "Base",
    "Category",
    "Collection",
    "Listing",
    "ListingCategory",
    "ListingPrice",
    "ListingTag",
    "Offer",
    "OptionValue",
    "Part",
    "Product",
    "ProductCategory",
    "ProductImage",
    "ProductOption",
    "ProductTag",
    "ProductType",
    "Tag",
    "TenantCatalogue",
    "Variant",
    "VariantChoice",
    "VariantPrice",
]
