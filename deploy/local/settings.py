"""The local runner's settings."""

from pathlib import Path

from pydantic import Field, PostgresDsn, RedisDsn
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.state import default_folder


class RunnerSettings(BaseSettings):
    """SOUK_STATE, SOUK_PORT, and external servers to use instead of the embedded ones."""

    model_config = SettingsConfigDict(env_prefix="SOUK_", frozen=True)

    state: Path = Field(default_factory=default_folder)
    port: int = Field(default=8000, ge=0, le=65535)
    """The gateway's port; 0 picks a free one."""
    postgres_admin: PostgresDsn | None = None
    redis: RedisDsn | None = None
    backup: Path | None = None
    """Where the embedded PostgreSQL is backed up to, all the time."""
    base_domain: str = "impactnutrition.com"
    admin_email: str = ""

    @property
    def admin(self) -> str:
        """The e-mail address of the first admin."""
        return self.admin_email or f"admin@{self.base_domain}"
