"""The gateway's settings; it refuses to start if any of them is invalid."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, IPvAnyNetwork, RedisDsn, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from services.kernel.process.settings import Address, SoukSettings, TenantId


class GatewaySettings(SoukSettings):
    """SOUK_LISTEN, SOUK_REDIS, the services' addresses, the hosts, and where pictures are."""

    listen: Address = "127.0.0.1:8000"
    redis_file: Path | None = None
    """A file with the URL of Redis, which may hold a password; it counts if `redis` is not set."""
    redis: RedisDsn = Field(default=None, validate_default=True)
    tenant_registry: Address
    catalog_opt_in: Address
    commerce: Address
    audit: Address
    uploads: str
    upload_bytes: int = Field(default=8 * 1024 * 1024, ge=1024 * 1024, le=16 * 1024 * 1024)
    fallback_tenant: TenantId | None = None
    platform_hosts: Annotated[frozenset[str], NoDecode] = frozenset()
    logins_per_minute: int = Field(default=60, ge=1, le=1_000_000)
    hot_bytes: int = Field(default=64 * 1024 * 1024, ge=1024 * 1024)
    trusted_proxies: Annotated[frozenset[IPvAnyNetwork], NoDecode] = frozenset()

    @field_validator("platform_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Parses a comma-separated list."""
        if isinstance(value, str):
            return frozenset(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("redis", mode="before")
    @classmethod
    def _read(cls, value: object, info: ValidationInfo) -> object:
        if value is not None:
            return value
        if (file := info.data.get("redis_file")) is None:
            raise ValueError("set it, or SOUK_REDIS_FILE")
        try:
            return file.read_text().strip()
        except OSError as error:
            raise ValueError(f"cannot read {file}: {error.strerror}") from None

    @field_validator("uploads")
    @classmethod
    def _is_a_store(cls, value: str) -> str:
        if not value.startswith(("file:///", "s3://")):
            raise ValueError("must be file:///folder or s3://bucket/prefix")
        return value

    @property
    def fallback(self) -> str:
        """The tenant of the platform's own hosts when a request names no other."""
        return self.fallback_tenant or self.head_office
