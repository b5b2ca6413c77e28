"""What store answers hold, for OpenAPI alone: the services prepare the documents themselves."""

from datetime import datetime

from pydantic import BaseModel, Field


class Page(BaseModel):
    """What every list says besides its documents."""

    count: int = Field(description="How many there are on all pages together.")
    offset: int = Field(description="How many were passed over.")
    limit: int = Field(description="How many a page holds at most.")


class CalculatedPrice(BaseModel):
    calculated_amount: float = Field(description="In major units: 10.5 is €10.50.")
    original_amount: float = Field(description="Before price lists, in major units.")
    currency_code: str = Field(description="ISO 4217, lower case.", examples=["eur"])


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
    weight: int | None = Field(description="In grams.")
    manage_inventory: bool
    allow_backorder: bool
    inventory_quantity: int | None
    options: list[VariantOption]
    calculated_price: CalculatedPrice


class OptionValue(BaseModel):
    id: str
    value: str


class Option(BaseModel):
    id: str
    title: str
    values: list[OptionValue]


class Image(BaseModel):
    id: str
    url: str
    rank: int


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
    """A product as this shop sells it: its own prices, in its own currency."""

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
    created_at: datetime
    updated_at: datetime


class StoreProductAnswer(BaseModel):
    product: StoreProduct


class StoreProductsAnswer(Page):
    products: list[StoreProduct]


class StoreCollection(BaseModel):
    """A collection that holds a product of this shop."""

    id: str
    title: str
    handle: str
    created_at: datetime
    updated_at: datetime


class StoreCollectionAnswer(BaseModel):
    collection: StoreCollection


class StoreCollectionsAnswer(Page):
    collections: list[StoreCollection]


class StoreCategory(BaseModel):
    """A category that holds, itself or below it, a product of this shop."""

    id: str
    name: str
    handle: str
    description: str
    rank: int
    parent_category_id: str | None
    parent_category: CategoryRef | None
    category_children: list[CategoryRef]
    created_at: datetime
    updated_at: datetime


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
    """Where and in what a shop sells; each shop is one region."""

    id: str = Field(examples=["reg_paris"])
    name: str
    currency_code: str = Field(description="ISO 4217, lower case.", examples=["eur"])
    automatic_taxes: bool
    countries: list[Country]


class StoreRegionAnswer(BaseModel):
    region: StoreRegion


class StoreRegionsAnswer(Page):
    regions: list[StoreRegion]
