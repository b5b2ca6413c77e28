"""The admin API: one file per resource; every route needs a session or an API key."""

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
    exports.router,  # before the events, whose {event_id} would match `export`
    events.router,
    proofs.router,
    context.router,
    products.router,
    collections.router,
    categories.router,
]
