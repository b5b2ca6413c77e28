"""Settings of those services that send mail."""

from typing import Annotated

from pydantic import AnyUrl, UrlConstraints

from services.kernel.process.settings import Email, SoukSettings

Outlet = Annotated[AnyUrl, UrlConstraints(allowed_schemes=["file", "smtp", "smtps"])]


class MailSettings(SoukSettings):
    """Without SOUK_MAIL nothing is sent, and each mail is logged as not sent."""

    mail: Outlet | None = None
    mail_from: Email | None = None

    @property
    def sender(self) -> str:
        return self.mail_from or f"souk@{self.base_domain}"
