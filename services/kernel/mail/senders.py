"""The two outlets for mail: a folder, for development, and a mail server."""

import asyncio
import os
import smtplib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from services.kernel.call.names import new_id
from services.kernel.mail.settings import MailSettings

Login = Callable[[], tuple[str, str]]
_SMTP_SECONDS = 5.0


class Sender(Protocol):
    """Sends one mail, or raises OSError or SMTPException."""

    async def send(self, mail: EmailMessage) -> None: ...


class FileSender:
    """Writes each mail into a folder that only its owner can read; names sort by time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: EmailMessage) -> None:
        await asyncio.to_thread(self._write, mail)

    def _write(self, mail: EmailMessage) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{new_id('mail')}.eml"
        draft = path.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(mail.as_bytes())
        draft.replace(path)


class SmtpSender:
    """Sends mail through a server, over TLS unless it is on this machine.

    `login` returns the user and the current password; None if the server needs no login.
    """

    def __init__(self, host: str, port: int, *, tls: bool, login: Login | None) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._login = login

    async def send(self, mail: EmailMessage) -> None:
        await asyncio.to_thread(self._send_blocking, mail)

    def _send_blocking(self, mail: EmailMessage) -> None:
        context = ssl.create_default_context()
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=_SMTP_SECONDS, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_SMTP_SECONDS)
        with server:
            if not self._tls and not _is_this_machine(self._host):
                server.starttls(context=context)  # raises when the server has no TLS
            if self._login:
                server.login(*self._login())
            server.send_message(mail)


def sender_of(settings: MailSettings) -> Sender | None:
    """Makes the sender that SOUK_MAIL configures; its password is the secret smtp.password."""
    address = settings.mail
    if address is None:
        return None
    if address.scheme == "file":
        return FileSender(Path(unquote(address.path or "/")))
    is_tls = address.scheme == "smtps"
    return SmtpSender(
        (address.host or "localhost").strip("[]"),
        address.port or (465 if is_tls else 587),
        tls=is_tls,
        login=_login_of(settings, unquote(address.username or "")),
    )


def _login_of(settings: MailSettings, user: str) -> Login | None:
    if not user:
        return None
    password = settings.secret_file("smtp.password", str.strip)
    return lambda: (user, password())


def compose(sender: str, to: str, subject: str, text: str, html: str = "") -> EmailMessage:
    """Makes a mail; with `html`, one that shows it and has the text for those who cannot."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=sender.partition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def is_final(error: Exception) -> bool:
    """Returns whether a mail server refused for good (5xx, RFC 5321)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
