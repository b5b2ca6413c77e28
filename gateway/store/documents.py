"""The storefront's responses, for OpenAPI only: the services prepare the documents."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class Page(BaseModel):
    """The counts that every list has besides its documents."""

    count: int = Field(description="The total number of objects on all pages.")
    offset: int = Field(description="The number of objects skipped.")
    limit: int = Field(description="The maximum number of objects per page.")


class ListedPrice(BaseModel):
    id: str | None
    price_list_id: str | None
    price_list_type: str | None
    min_quantity: int | None
    max_quantity: int | None


class CalculatedPrice(BaseModel):
    calculated_amount: float = Field(description="In major units: 10.5 is €10.50.")
    is_calculated_price_price_list: bool
    is_calculated_price_tax_inclusive: bool
    original_amount: float = Field(description="Before price lists, in major units.")
    is_original_price_price_list: bool
    is_original_price_tax_inclusive: bool
    currency_code: str = Field(description="ISO 4217, lower case.", examples=["eur"])
    calculated_price: ListedPrice
    original_price: ListedPrice


class Image(BaseModel):
    id: str
    url: str
    rank: int


class VariantOption(BaseModel):
    id: str
    option_id: str
    value: str


class Variant(BaseModel):
    id: str
    product_id: str
    title: str
    sku: str | None
    barcode: str | None
    ean: str | None
    upc: str | None
    weight: int | None = Field(description="In grams.")
    variant_rank: int
    images: list[Image]
    manage_inventory: bool
    allow_backorder: bool
    inventory_quantity: int | None
    options: list[VariantOption]
    calculated_price: CalculatedPrice
    metadata: dict[str, str] | None


class OptionValue(BaseModel):
    id: str
    value: str


class Option(BaseModel):
    id: str
    title: str
    values: list[OptionValue]


class Tag(BaseModel):
    id: str
    value: str


class CollectionRef(BaseModel):
    id: str
    title: str
    handle: str


class CategoryRef(BaseModel):
    id: str
    name: str
    handle: str


class StoreProduct(BaseModel):
    """A product as this shop sells it, with its own prices in its own currency."""

    id: str = Field(examples=["prod_01J0000000000000000000000"])
    title: str
    subtitle: str | None
    description: str | None
    handle: str
    status: str
    is_giftcard: bool
    discountable: bool
    thumbnail: str | None
    images: list[Image]
    collection_id: str | None
    collection: CollectionRef | None
    type_id: str | None
    type: Tag | None
    tags: list[Tag]
    categories: list[CategoryRef]
    options: list[Option]
    variants: list[Variant]
    weight: int | None
    length: int | None
    height: int | None
    width: int | None
    material: str | None
    origin_country: str | None
    hs_code: str | None
    mid_code: str | None
    external_id: str | None
    metadata: dict[str, str] | None
    created_at: datetime
    updated_at: datetime


class StoreProductAnswer(BaseModel):
    product: StoreProduct


class StoreProductsAnswer(Page):
    products: list[StoreProduct]


class StoreCollection(BaseModel):
    """A collection with at least one product of this shop."""

    id: str
    title: str
    handle: str
    metadata: dict[str, str] | None
    created_at: datetime
    updated_at: datetime


class StoreCollectionAnswer(BaseModel):
    collection: StoreCollection


class StoreCollectionsAnswer(Page):
    collections: list[StoreCollection]


class CategoryNode(BaseModel):
    id: str
    name: str
    handle: str
    description: str
    rank: int = Field(description="The position among its siblings, from 0.")
    parent_category_id: str | None
    metadata: dict[str, str] | None
    created_at: datetime
    updated_at: datetime


class CategoryAbove(CategoryNode):
    parent_category: dict[str, Any] | None = Field(description="The next parent up, and so on.")


class StoreCategory(CategoryNode):
    """A category that has a product of this shop in it or in a subcategory."""

    parent_category: CategoryAbove | None
    category_children: list[CategoryNode]


class StoreCategoryAnswer(BaseModel):
    product_category: StoreCategory


class StoreCategoriesAnswer(Page):
    product_categories: list[StoreCategory]


class Country(BaseModel):
    iso_2: str = Field(description="ISO 3166-1 alpha-2, lower case.", examples=["fr"])
    name: str
    display_name: str
    region_id: str


class StoreRegion(BaseModel):
    """The country and currency of a shop; each shop has exactly one region."""

    id: str = Field(examples=["reg_paris"])
    name: str
    currency_code: str = Field(description="ISO 4217, lower case.", examples=["eur"])
    automatic_taxes: bool
    countries: list[Country]


class StoreRegionAnswer(BaseModel):
    region: StoreRegion


class StoreRegionsAnswer(Page):
    regions: list[StoreRegion]
