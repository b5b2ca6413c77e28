"""What shoppers read: `/store/*`, each shop its own."""

from fastapi import APIRouter

from gateway.store import categories, collections, products, regions

routers: list[APIRouter] = [
    products.router,
    collections.router,
    categories.router,
    regions.router,
]
