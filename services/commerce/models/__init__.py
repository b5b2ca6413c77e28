"""The tables of this service."""

from services.commerce.models.carts import Cart
from services.commerce.models.customers import (
    Customer,
    CustomerAddress,
    CustomerGroup,
    GroupMember,
    Identity,
)
from services.commerce.models.declare import Base
from services.commerce.models.logins import (
    CustomerSession,
    LoginAttempt,
    PasswordReset,
    UnknownLogin,
)
from services.commerce.models.markets import Region, RegionCountry, SetupVersion
from services.commerce.models.notices import Outbox
from services.commerce.models.orders import CustomerOrder, OrderCounter, Payment
from services.commerce.models.payments import Attempt, ProviderEvent, ProviderSession
from services.commerce.models.promotions import Campaign, Promotion, PromotionUse
from services.commerce.models.shipping import (
    FulfillmentSet,
    ServiceZone,
    ShippingOption,
    ShippingProfile,
)
from services.commerce.models.stock import InventoryLevel, Reservation, StockLocation
from services.commerce.models.taxes import TaxRate, TaxRateRule, TaxRegion
from services.commerce.models.transfers import OrderTransfer

__all__ = [
    "Attempt",
    "Base",
    "Campaign",
    "Cart",
    "Customer",
    "CustomerAddress",
    "CustomerGroup",
    "CustomerOrder",
    "CustomerSession",
    "FulfillmentSet",
    "GroupMember",
    "Identity",
    "InventoryLevel",
    "LoginAttempt",
    "OrderCounter",
    "OrderTransfer",
    "Outbox",
    "PasswordReset",
    "Payment",
    "Promotion",
    "PromotionUse",
    "ProviderEvent",
    "ProviderSession",
    "Region",
    "RegionCountry",
    "Reservation",
    "ServiceZone",
    "SetupVersion",
    "ShippingOption",
    "ShippingProfile",
    "StockLocation",
    "TaxRate",
    "TaxRateRule",
    "TaxRegion",
    "UnknownLogin",
]
