"""The tables of this service."""

from services.commerce.models.carts import Cart
from services.commerce.models.declare import Base
from services.commerce.models.markets import Region, RegionCountry

__all__ = ["Base", "Cart", "Region", "RegionCountry"]
