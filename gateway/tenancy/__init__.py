"""Resolves the tenant of a request from its host, path prefix, header or publishable key."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.tenancy.locales import (
    fields_of_locale,
    locale_in,
    locales_read,
    supported_locale,
)
from gateway.tenancy.lookup import Tenancy
from gateway.tenancy.signals import Resolution, Source, resolution_of
from gateway.tenancy.tenant import KnownTenant, tenant_not_found, unknown_shop

__all__ = [
    "KnownTenant",
    "Resolution",
    "Source",
    "Tenancy",
    "TenancyOf",
    "fields_of_locale",
    "locale_in",
    "locales_read",
    "resolution_of",
    "supported_locale",
    "tenant_not_found",
    "unknown_shop",
]


# Async, because FastAPI would run a plain function in a thread for each request.
async def _tenancy(request: Request) -> Tenancy:
    tenancy: Tenancy = request.app.state.runtime.tenancy
    return tenancy


TenancyOf = Annotated[Tenancy, Depends(_tenancy)]
