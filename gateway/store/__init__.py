"""The storefront API, `/store/*`, and the pictures that its documents name."""

from collections.abc import Mapping

from gateway.medusa.resource import PreparedResource
from gateway.medusa.router import Router
from gateway.store import (
    addresses,
    carts,
    categories,
    checkout,
    collections,
    customers,
    locales,
    options,
    orders,
    payment_hooks,
    payment_providers,
    products,
    regions,
    shipping,
    tags,
    types,
    uploads,
    variants,
)

routers: list[Router] = [
    products.router,
    collections.router,
    categories.router,
    tags.router,
    types.router,
    variants.router,
    options.router,
    regions.router,
    payment_providers.router,
    locales.router,
    uploads.router,
    carts.router,
    checkout.router,
    shipping.router,
    payment_hooks.router,
    customers.router,
    addresses.router,
    orders.router,
]

# Reads that depend on nothing but the tenant's catalogue, set-up and configuration, by their list's
# path. They are answered from memory (see gateway/hot), so their routes see nothing of the caller.
HOT_READS: Mapping[str, PreparedResource] = {
    products.router.prefix: products.PRODUCTS,
    collections.router.prefix: collections.COLLECTIONS,
    categories.router.prefix: categories.CATEGORIES,
    tags.router.prefix: tags.TAGS,
    types.router.prefix: types.TYPES,
    variants.router.prefix: variants.VARIANTS,
    options.router.prefix: options.OPTIONS,
    regions.router.prefix: regions.REGIONS,
    payment_providers.router.prefix: payment_providers.PROVIDERS,
    locales.router.prefix: locales.LOCALES,
}
# Those of them that commerce answers.
SETUP_READS = frozenset({regions.router.prefix, payment_providers.router.prefix})
