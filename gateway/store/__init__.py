"""What shoppers read: `/store/*`, each shop its own."""

from fastapi import APIRouter

from gateway.store import regions

routers: list[APIRouter] = [regions.router]
