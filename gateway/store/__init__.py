"""The storefront API, `/store/*`."""

from fastapi import APIRouter

from gateway.store import categories, collections, products, regions

routers: list[APIRouter] = [
    products.router,
    collections.router,
    categories.router,
    regions.router,
]
