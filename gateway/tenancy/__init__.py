"""Resolves the tenant of a request from its host, path prefix, header or publishable key."""

from gateway.tenancy.lookup import Tenancy, TenancyOf
from gateway.tenancy.signals import Resolution, Source, resolution_of
from gateway.tenancy.tenant import KnownTenant, tenant_not_found, unknown_shop

__all__ = [
    "KnownTenant",
    "Resolution",
    "Source",
    "Tenancy",
    "TenancyOf",
    "resolution_of",
    "tenant_not_found",
    "unknown_shop",
]
