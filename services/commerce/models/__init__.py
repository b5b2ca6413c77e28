"""The tables of this service."""

from services.commerce.models.carts import Cart
from services.commerce.models.customers import Customer, CustomerAddress, Identity
from services.commerce.models.declare import Base
from services.commerce.models.markets import Region, RegionCountry, SetupVersion
from services.commerce.models.notices import Outbox
from services.commerce.models.orders import CustomerOrder, OrderCounter, Payment

__all__ = [
    "Base",
    "Cart",
    "Customer",
    "CustomerAddress",
    "CustomerOrder",
    "Identity",
    "OrderCounter",
    "Outbox",
    "Payment",
    "Region",
    "RegionCountry",
    "SetupVersion",
]
