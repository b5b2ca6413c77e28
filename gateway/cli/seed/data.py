"""Reads the demo data; prices keep every digit."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

HERE = Path(__file__).parent


class Variant(TypedDict):
    """`options` maps title to value, `prices` currency to major units; `weight` is in grams."""

    sku: str
    barcode: str
    weight: int
    options: dict[str, str]
    prices: dict[str, Decimal]


class Product(TypedDict):
    """`collection` and `categories` are handles; so many `pictures` are drawn of it."""

    handle: str
    title: str
    subtitle: str
    description: str
    status: str
    type: str
    collection: str
    categories: list[str]
    tags: list[str]
    pictures: int
    options: dict[str, list[str]]
    variants: list[Variant]


class Collection(TypedDict):
    handle: str
    title: str


class Category(TypedDict):
    """`parent` is the handle of an earlier category; none at the top level."""

    handle: str
    title: str
    rank: int
    description: NotRequired[str]
    parent: NotRequired[str]


class OptIn(TypedDict):
    """`prices` are the tenant's own, by SKU, in its currency."""

    handle: str
    state: NotRequired[str]
    prices: NotRequired[dict[str, Decimal]]


class Tenant(TypedDict):
    """The head office has no `details`, because it exists before the seed."""

    id: str
    state: str
    domains: list[str]
    products: list[OptIn]
    plan: NotRequired[str]
    details: NotRequired[dict[str, Any]]


class Customer(TypedDict):
    """A shopper with an account, and where their orders go."""

    email: str
    first_name: str
    last_name: str
    address_1: str
    city: str
    postal_code: str
    phone: str


class ShippingOption(TypedDict):
    """`amount` is in major units of the shop's currency."""

    name: str
    amount: Decimal


class SellingShop(TypedDict):
    """How a tenant sells; `region` and `tax` are what differs between shops.

    Its customers have placed so many `orders`.
    """

    tenant: str
    orders: int
    promotion: dict[str, Any]
    region: dict[str, Any]
    tax: dict[str, Any]
    shipping: list[ShippingOption]
    customers: list[Customer]


@dataclass(frozen=True, slots=True)
class Data:
    """All demo data; objects come after those that they refer to."""

    collections: list[Collection]
    categories: list[Category]
    products: list[Product]
    tenants: list[Tenant]
    selling: list[SellingShop]


def load() -> Data:
    """Reads the files next to this module."""
    taxonomy = _read(HERE / "taxonomy.toml")
    files = sorted((HERE / "products").glob("*.toml"))
    return Data(
        collections=cast(list[Collection], taxonomy["collections"]),
        categories=cast(list[Category], taxonomy["categories"]),
        products=[cast(Product, product) for file in files for product in _read(file)["products"]],
        tenants=cast(list[Tenant], _read(HERE / "tenants.toml")["tenants"]),
        selling=cast(list[SellingShop], _read(HERE / "selling.toml")["shops"]),
    )


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
