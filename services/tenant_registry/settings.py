"""Settings that only this service reads."""

from typing import Annotated

from pydantic import AnyUrl, Field, UrlConstraints

from services.kernel.process.settings import SoukSettings

Outlet = Annotated[AnyUrl, UrlConstraints(allowed_schemes=["file", "smtp", "smtps"])]


class MailSettings(SoukSettings):
    """Without SOUK_MAIL nothing is sent, and each mail is logged as not sent."""

    mail: Outlet | None = None
    mail_from: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)

    @property
    def sender(self) -> str:
        return self.mail_from or f"souk@{self.base_domain}"
