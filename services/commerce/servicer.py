"""Builds the gRPC services of commerce."""

from collections.abc import Sequence

from souk.commerce.v1.campaign_service_pb2_grpc import add_CampaignServiceServicer_to_server
from souk.commerce.v1.customer_group_service_pb2_grpc import (
    add_CustomerGroupServiceServicer_to_server,
)
from souk.commerce.v1.customer_service_pb2_grpc import add_CustomerServiceServicer_to_server
from souk.commerce.v1.fulfillment_set_service_pb2_grpc import (
    add_FulfillmentSetServiceServicer_to_server,
)
from souk.commerce.v1.inventory_service_pb2_grpc import add_InventoryServiceServicer_to_server
from souk.commerce.v1.order_service_pb2_grpc import add_OrderServiceServicer_to_server
from souk.commerce.v1.payment_event_service_pb2_grpc import (
    add_PaymentEventServiceServicer_to_server,
)
from souk.commerce.v1.payment_service_pb2_grpc import add_PaymentServiceServicer_to_server
from souk.commerce.v1.promotion_service_pb2_grpc import add_PromotionServiceServicer_to_server
from souk.commerce.v1.region_service_pb2_grpc import add_RegionServiceServicer_to_server
from souk.commerce.v1.reservation_service_pb2_grpc import add_ReservationServiceServicer_to_server
from souk.commerce.v1.shipping_option_service_pb2_grpc import (
    add_ShippingOptionServiceServicer_to_server,
)
from souk.commerce.v1.shipping_profile_service_pb2_grpc import (
    add_ShippingProfileServiceServicer_to_server,
)
from souk.commerce.v1.stock_location_service_pb2_grpc import (
    add_StockLocationServiceServicer_to_server,
)
from souk.commerce.v1.store_cart_service_pb2_grpc import add_StoreCartServiceServicer_to_server
from souk.commerce.v1.store_checkout_service_pb2_grpc import (
    add_StoreCheckoutServiceServicer_to_server,
)
from souk.commerce.v1.store_customer_service_pb2_grpc import (
    add_StoreCustomerServiceServicer_to_server,
)
from souk.commerce.v1.store_market_service_pb2_grpc import (
    add_StoreMarketServiceServicer_to_server,
)
from souk.commerce.v1.store_order_service_pb2_grpc import add_StoreOrderServiceServicer_to_server
from souk.commerce.v1.store_shipping_service_pb2_grpc import (
    add_StoreShippingServiceServicer_to_server,
)
from souk.commerce.v1.store_stock_service_pb2_grpc import add_StoreStockServiceServicer_to_server
from souk.commerce.v1.tax_rate_service_pb2_grpc import add_TaxRateServiceServicer_to_server
from souk.commerce.v1.tax_region_service_pb2_grpc import add_TaxRegionServiceServicer_to_server

from services.commerce.carts.changes import CartChanges
from services.commerce.carts.servicer import StoreCartServicer
from services.commerce.catalogue import Catalogue
from services.commerce.customers.attempts import Attempts
from services.commerce.customers.groups import CustomerGroupServicer
from services.commerce.customers.servicer import StoreCustomerServicer
from services.commerce.customers.staff import CustomerServicer
from services.commerce.customers.tokens import CustomerTokens
from services.commerce.markets.servicer import RegionServicer
from services.commerce.markets.storefront.servicer import StoreMarketServicer
from services.commerce.orders.completion import Completion
from services.commerce.orders.own_orders import StoreOrderServicer
from services.commerce.orders.payment_events import PaymentEventServicer
from services.commerce.orders.servicer import StoreCheckoutServicer
from services.commerce.orders.settlement import Settlement
from services.commerce.orders.staff import OrderServicer
from services.commerce.orders.staff_payments import PaymentServicer
from services.commerce.payments.providers import configured_providers
from services.commerce.promotions.campaigns import CampaignServicer
from services.commerce.promotions.servicer import PromotionServicer
from services.commerce.settings import CommerceSettings
from services.commerce.setup.setup import Setups
from services.commerce.shipping.fulfillment_sets import FulfillmentSetServicer
from services.commerce.shipping.options import ShippingOptionServicer
from services.commerce.shipping.profiles import ShippingProfileServicer
from services.commerce.shipping.store import StoreShippingServicer
from services.commerce.stock.reservations import ReservationServicer
from services.commerce.stock.servicer import InventoryServicer
from services.commerce.stock.stock_locations import StockLocationServicer
from services.commerce.stock.store import StoreStockServicer
from services.commerce.taxes.rates import TaxRateServicer
from services.commerce.taxes.regions import TaxRegionServicer
from services.kernel.call.credentials import Signer
from services.kernel.call.passwords import Passwords
from services.kernel.mail.mailer import Mailer
from services.kernel.mail.settings import MailSettings
from services.kernel.process.settings import load
from services.kernel.process.signing_keys import signing_key
from services.kernel.serving.server import Runtime, Servicer


def build(runtime: Runtime) -> Sequence[Servicer]:
    key = runtime.settings.secret_file("commerce.key", signing_key)
    settings = runtime.settings
    catalogue = Catalogue(
        load(CommerceSettings).catalog_opt_in, Signer("commerce", key), settings.certificate
    )
    setups, providers = Setups(runtime.db), configured_providers(runtime.settings.secrets)
    carts = CartChanges(runtime.db, catalogue, setups)
    completion = Completion(runtime.db, carts, providers, Settlement(runtime.db, providers))
    mailer, attempts = Mailer(load(MailSettings)), Attempts(runtime.db)
    tokens = CustomerTokens(runtime.settings.secret_file("customer.key", signing_key))
    customers = StoreCustomerServicer(runtime.db, Passwords(), tokens, mailer, attempts)
    return [
        (
            add_StoreCartServiceServicer_to_server,
            StoreCartServicer(runtime.db, catalogue, setups, carts),
        ),
        (
            add_StoreCheckoutServiceServicer_to_server,
            StoreCheckoutServicer(runtime.db, carts, providers, completion),
        ),
        (
            add_PaymentEventServiceServicer_to_server,
            PaymentEventServicer(runtime.db, providers, completion),
        ),
        (
            add_StoreMarketServiceServicer_to_server,
            StoreMarketServicer(runtime.db, setups, providers),
        ),
        (add_PromotionServiceServicer_to_server, PromotionServicer(runtime.db)),
        (add_CampaignServiceServicer_to_server, CampaignServicer(runtime.db)),
        (add_TaxRegionServiceServicer_to_server, TaxRegionServicer(runtime.db)),
        (add_TaxRateServiceServicer_to_server, TaxRateServicer(runtime.db)),
        (add_RegionServiceServicer_to_server, RegionServicer(runtime.db, providers)),
        (add_InventoryServiceServicer_to_server, InventoryServicer(runtime.db, catalogue)),
        (add_StockLocationServiceServicer_to_server, StockLocationServicer(runtime.db)),
        (add_StoreStockServiceServicer_to_server, StoreStockServicer(runtime.db)),
        (add_ReservationServiceServicer_to_server, ReservationServicer(runtime.db)),
        (add_StoreCustomerServiceServicer_to_server, customers),
        (add_StoreShippingServiceServicer_to_server, StoreShippingServicer(runtime.db, carts)),
        (add_ShippingProfileServiceServicer_to_server, ShippingProfileServicer(runtime.db)),
        (add_FulfillmentSetServiceServicer_to_server, FulfillmentSetServicer(runtime.db)),
        (add_ShippingOptionServiceServicer_to_server, ShippingOptionServicer(runtime.db)),
        (add_StoreOrderServiceServicer_to_server, StoreOrderServicer(runtime.db, mailer, attempts)),
        (add_CustomerServiceServicer_to_server, CustomerServicer(runtime.db)),
        (add_CustomerGroupServiceServicer_to_server, CustomerGroupServicer(runtime.db)),
        (add_OrderServiceServicer_to_server, OrderServicer(runtime.db)),
        (add_PaymentServiceServicer_to_server, PaymentServicer(runtime.db)),
    ]
