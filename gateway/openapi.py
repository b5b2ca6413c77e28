"""What /docs says besides what the routes say of themselves."""

import re
from typing import Any, TypedDict

from fastapi import FastAPI
from fastapi.routing import APIRoute


class _About(TypedDict):
    title: str
    version: str
    summary: str
    description: str
    license_info: dict[str, str]
    openapi_tags: list[dict[str, str]]


ABOUT: _About = {
    "title": "Souk",
    "version": "0.1.0",
    "summary": "A multi-tenant commerce platform: one master catalogue, many shops.",
    "description": """
**Which shop.** A request is for the tenant that owns its `Host`; on the platform's own hosts a path
prefix `/t/{tenant}`, the header `X-Tenant-ID` or a publishable key in `x-publishable-api-key` names
one, and the head office is the fallback.
Signals that disagree are 400 `not_allowed`; a shop that is unknown or closed is 404 everywhere.

**Conventions** are those of Medusa: envelopes `{products: [...], count, offset, limit}`, errors
`{type, message, code, details, request_id}`. Money is a number in major units (10.5 is €10.50);
currency and country codes are lower case; times are RFC 3339 in UTC.

**Limits.** Bodies 1 MiB and 32 levels, 64 headers of 16 KiB together, targets 8 KiB, pages 200,
15 seconds a request.
""",
    "license_info": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "openapi_tags": [
        {"name": "Store", "description": "What shoppers read; each shop's own."},
        {"name": "Auth", "description": "Sessions of admins."},
        {"name": "Users", "description": "Who administers what: admins, invites, roles, grants."},
        {"name": "Tenants", "description": "Shops, their domains and their state."},
        {"name": "Listings", "description": "What a shop has opted in to."},
        {"name": "Catalogue", "description": "The master catalogue, kept by the head office."},
        {"name": "Audit", "description": "What was done, by whom and when."},
        {"name": "Health", "description": "For operators, on the platform's own hosts."},
    ],
}


def operation_id(route: APIRoute) -> str:
    """Names an operation for generated clients, such as get_store_products."""
    words = re.findall(r"[a-z_]+", route.path_format.replace("-", "_"))
    return "_".join([min(route.methods or {"get"}).lower(), *words])


def install(app: FastAPI) -> None:
    """Makes the description once; FastAPI's own 422 is left out, as nothing here answers it."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _without_422(describe())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _without_422(schema: dict[str, Any]) -> dict[str, Any]:
    for path in schema["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    for unused in ("HTTPValidationError", "ValidationError"):
        schema.get("components", {}).get("schemas", {}).pop(unused, None)
    return schema
