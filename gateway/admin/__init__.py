"""The admin API: a session for every route, one file a resource."""

from fastapi import APIRouter

from gateway.admin import (
    access,
    api_keys,
    assignments,
    categories,
    collections,
    context,
    domains,
    events,
    exports,
    listings,
    products,
    proofs,
    roles,
    tenants,
    users,
)

routers: list[APIRouter] = [
    tenants.router,
    domains.router,
    api_keys.router,
    users.router,
    assignments.router,
    roles.router,
    access.router,
    listings.router,
    exports.router,  # before the events, one of which might be called so
    events.router,
    proofs.router,
    context.router,
    products.router,
    collections.router,
    categories.router,
]
