"""The gateway's settings; it refuses to start if any of them is invalid."""

from typing import Annotated

from pydantic import Field, IPvAnyNetwork, RedisDsn, field_validator
from pydantic_settings import NoDecode

from services.kernel.process import tenant_ids
from services.kernel.process.settings import Address, SoukSettings


class GatewaySettings(SoukSettings):
    """SOUK_LISTEN, SOUK_REDIS, the services' addresses, and the hosts."""

    listen: Address = "127.0.0.1:8000"
    redis: RedisDsn
    tenant_registry: Address
    catalog_opt_in: Address
    audit: Address
    fallback_tenant: str | None = Field(default=None, pattern=tenant_ids.WHOLE)
    platform_hosts: Annotated[frozenset[str], NoDecode] = frozenset()
    logins_per_minute: int = Field(default=60, ge=1, le=1_000_000)
    trusted_proxies: Annotated[frozenset[IPvAnyNetwork], NoDecode] = frozenset()

    @field_validator("platform_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Parses a comma-separated list."""
        if isinstance(value, str):
            return frozenset(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def fallback(self) -> str:
        """The tenant of the platform's own hosts when a request names no other."""
        return self.fallback_tenant or self.head_office
