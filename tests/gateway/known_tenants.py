"""Tenants as the gateway knows them, for tests without a registry."""

from typing import Any

from gateway.tenancy import KnownTenant


def known_tenant(tenant_id: str, **fields: Any) -> KnownTenant:
    """Makes an active tenant in euros; `fields` replace its others."""
    plain: dict[str, Any] = {
        "display_name": tenant_id,
        "country_code": "FR",
        "currency_code": "EUR",
        "default_locale": "fr",
        "supported_locales": ("fr",),
        "time_zone": "Europe/Paris",
        "capabilities": (),
        "state": "active",
        "hosts": (),
        "key_digests": frozenset(),
        "version": 1,
    }
    return KnownTenant(id=tenant_id, **plain | fields)
