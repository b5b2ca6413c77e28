"""The general part of the API description in /docs."""

import re
from typing import Any, TypedDict

from fastapi import FastAPI
from fastapi.routing import APIRoute

from gateway.medusa.responses import ErrorBody
from services.kernel.operation.version import VERSION


class _About(TypedDict):
    title: str
    version: str
    summary: str
    description: str
    license_info: dict[str, str]
    openapi_tags: list[dict[str, str]]


ABOUT: _About = {
    "title": "Souk",
    "version": VERSION,
    "summary": "A multi-tenant commerce platform: one master catalogue, many shops.",
    "description": """
**Which shop.** A request addresses the tenant that owns its `Host`. On the platform's own hosts,
the path prefix `/t/{tenant}`, the header `X-Tenant-ID` or a publishable key in
`x-publishable-api-key` selects the tenant; without any of them, it is the head office.
Contradictory values return 400 `not_allowed`; an unknown or closed shop returns 404.

**Conventions** follow Medusa: lists are `{products: [...], count, offset, limit}`, errors are
`{type, message, code, details, request_id}`. Amounts are numbers in major units (10.5 is €10.50).
Currency and country codes are lower case. Times are RFC 3339 in UTC.

**Limits.** Bodies: 1 MiB, nested 32 levels deep. Headers: 64, with 16 KiB in total. Path and query:
8 KiB. Pages: 200 objects. Requests: 15 seconds.
""",
    "license_info": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "openapi_tags": [
        {"name": "Store", "description": "The storefront API: what shoppers see in one shop."},
        {"name": "Carts", "description": "What shoppers gather and buy in one shop."},
        {"name": "Customers", "description": "Accounts of shoppers in one shop."},
        {"name": "Orders", "description": "What a tenant's shoppers have bought."},
        {"name": "Payments", "description": "What was paid for orders, and providers' events."},
        {"name": "Auth", "description": "Login, sessions and passwords of admins."},
        {"name": "Users", "description": "Admins, invites, roles, assignments and access grants."},
        {"name": "Tenants", "description": "Tenants, their domains, API keys and state."},
        {"name": "Sales channels", "description": "Tenants, as Medusa's clients see them."},
        {"name": "Listings", "description": "The products that a tenant has opted in to."},
        {"name": "Catalogue", "description": "The master catalogue, managed by the head office."},
        {"name": "Audit", "description": "The audit log, and the proofs of its integrity."},
    ],
}


def operation_id(route: APIRoute) -> str:
    """Names an operation for generated clients, such as get_store_products."""
    words = re.findall(r"[a-z_]+", route.path_format.replace("-", "_"))
    return "_".join([min(route.methods or {"get"}).lower(), *words])


def install(app: FastAPI) -> None:
    """Builds the description once: with the error body, without FastAPI's 422, never returned."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_errors(_without_422(describe()))
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _without_422(schema: dict[str, Any]) -> dict[str, Any]:
    for path in schema["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    for unused in ("HTTPValidationError", "ValidationError"):
        schema.get("components", {}).get("schemas", {}).pop(unused, None)
    return schema


def _with_errors(schema: dict[str, Any]) -> dict[str, Any]:
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas[ErrorBody.__name__] = ErrorBody.model_json_schema()
    return schema
