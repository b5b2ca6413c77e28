"""Settings of backups."""

from pathlib import Path
from typing import Annotated

import pyrage
from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.state import default_folder


def _recipient(text: str) -> str:
    if text:
        try:
            pyrage.x25519.Recipient.from_str(text)
        except pyrage.RecipientError:
            raise ValueError("must be a public key of age, which begins with age1") from None
    return text


class BackupSettings(BaseSettings):
    """SOUK_BACKUP and what belongs to it."""

    model_config = SettingsConfigDict(env_prefix="SOUK_", frozen=True)

    backup: Path
    """The folder of the backups."""
    backup_spool: Path = Field(default_factory=lambda: default_folder() / "wal-spool")
    """Where the segment that is being received lies, unencrypted."""
    backup_recipient: Annotated[str, AfterValidator(_recipient)] = ""
    backup_identity: Path | None = None
    """The file of the private key, which only a restore needs."""
    backup_days: int = Field(default=14, ge=1)
    backup_hours: int = Field(default=24, ge=1)
