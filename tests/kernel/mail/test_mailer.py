"""Mail, by each of the two ways in which it leaves."""

import asyncio
import stat
from base64 import b64decode
from email import message_from_bytes, policy

import pytest
from pydantic import ValidationError

from services.kernel.call.errors import ResourceExhausted
from services.kernel.mail import mailer as mail
from services.kernel.mail.mailer import Mailer
from services.kernel.mail.senders import FileSender, SmtpSender, sender_of
from services.kernel.mail.settings import MailSettings
from services.kernel.process import secret_files


class Server:
    """A mail server of one file: it speaks as much SMTP as a mail needs."""

    def __init__(self, *, busy=0, refusing=False):
        self.mails = []
        self.logins = []
        self.port = 0
        self.came = 0
        self._busy, self._refusing = busy, refusing

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _serve(self, reader, writer):
        self.came += 1
        is_busy = self.came <= self._busy
        writer.write(b"421 busy\r\n" if is_busy else b"220 mail.example\r\n")
        while not is_busy and (line := (await reader.readline()).strip()):
            word = line.split(b" ")[0].upper()
            if word == b"RCPT" and self._refusing:
                writer.write(b"550 nobody\r\n")
                continue
            if word == b"EHLO":
                writer.write(b"250-fine\r\n250 AUTH PLAIN\r\n")
                continue
            if word == b"AUTH":
                self.logins.append(b64decode(line.split(b" ")[2]).decode().split("\0")[1:])
                writer.write(b"235 welcome\r\n")
                continue
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                self.mails.append((await reader.readuntil(b"\r\n.\r\n"))[:-5])
            if word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            writer.write(b"250 fine\r\n")
        await writer.drain()
        writer.close()


@pytest.fixture
def settings(tmp_path):
    def make(mail, **more):
        return MailSettings(secrets=tmp_path, mail=mail, **more)

    return make


async def test_a_mail_lands_in_a_folder_that_its_owner_alone_reads(settings, tmp_path):
    folder = tmp_path / "to be made" / "mail"
    mailer = Mailer(settings(folder.as_uri(), mail_from="souk@paris.example"))

    await mailer.send("admin@lyon.example", "A subject", "déjà vu")

    [path] = folder.iterdir()
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["From"]) == ("admin@lyon.example", "souk@paris.example")
    assert mail.get_content() == "déjà vu\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_mail_is_handed_to_a_server(settings):
    async with Server() as server:
        mailer = Mailer(settings(f"smtp://127.0.0.1:{server.port}"))

        await mailer.send("admin@lyon.example", "A subject", "déjà vu")

        [mail] = [message_from_bytes(m, policy=policy.default) for m in server.mails]
        assert mail["To"] == "admin@lyon.example"
        assert mail["From"] == "souk@impactnutrition.com"
        assert mail.get_content().strip() == "déjà vu"


async def test_the_servers_password_may_be_replaced_while_mail_is_sent(
    settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(secret_files, "CHECK_SECONDS", 0)
    (tmp_path / "smtp.password").write_text("old\n")
    async with Server() as server:
        mailer = Mailer(settings(f"smtp://souk@127.0.0.1:{server.port}"))

        for tenant, password in (("lyon", "old"), ("paris", "new")):
            (tmp_path / "smtp.password").write_text(f"{password}\n")
            await mailer.send(f"admin@{tenant}.example", "A subject", "text")

        assert server.logins == [["souk", "old"], ["souk", "new"]]
        assert len(server.mails) == 2


async def test_no_mail_goes_in_clear_to_another_machine(monkeypatch):
    async with Server() as server:
        # A name for this machine that does not look like one.
        monkeypatch.setattr("services.kernel.mail.senders._is_this_machine", lambda _: False)
        sender = SmtpSender("127.0.0.1", server.port, tls=False, login=None)

        with pytest.raises(Exception, match="STARTTLS"):
            await sender.send(None)  # type: ignore[arg-type]  # it does not get that far

        assert server.mails == []


async def until(true):
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_mail_that_could_not_be_sent_is_sent_by_a_later_try(settings, monkeypatch):
    monkeypatch.setattr(mail, "_RETRY_AFTER_SECONDS", (0.01, 0.01, 0.01))
    async with Server(busy=2) as server:
        mailer = Mailer(settings(f"smtp://127.0.0.1:{server.port}"))

        await mailer.send("admin@lyon.example", "A subject", "text")

        assert server.mails == []
        await until(lambda: not mailer._retries)
        assert (server.came, len(server.mails)) == (3, 1)


async def test_a_mail_is_tried_four_times_and_no_more(settings, monkeypatch):
    monkeypatch.setattr(mail, "_RETRY_AFTER_SECONDS", (0.01, 0.01, 0.01))
    async with Server(busy=100) as server:
        mailer = Mailer(settings(f"smtp://127.0.0.1:{server.port}"))

        await mailer.send("admin@lyon.example", "A subject", "text")

        await until(lambda: not mailer._retries)
        assert (server.came, server.mails) == (4, [])


async def test_a_mail_that_is_refused_for_good_is_tried_once(settings):
    async with Server(refusing=True) as server:
        mailer = Mailer(settings(f"smtp://127.0.0.1:{server.port}"))

        await mailer.send("nobody@lyon.example", "A subject", "text")

        assert (server.came, server.mails, mailer._retries) == (1, [], set())


async def test_of_mails_that_wait_for_another_try_there_are_not_too_many(settings, monkeypatch):
    monkeypatch.setattr(mail, "_MOST_WAITING", 2)
    mailer = Mailer(settings("smtp://127.0.0.1:1"))

    for _ in range(3):
        await mailer.send("admin@lyon.example", "A subject", "text")

    assert len(mailer._retries) == 2
    for task in mailer._retries:
        task.cancel()


async def test_a_full_mail_queue_refuses_new_requests_but_not_background_work(
    settings, monkeypatch
):
    monkeypatch.setattr(mail, "_MOST_WAITING", 1)
    mailer, done = Mailer(settings(None)), asyncio.Event()

    async def work():
        done.set()

    mailer.refuse_when_full()
    for _ in range(2):
        mailer.in_background(work())
    with pytest.raises(ResourceExhausted):
        mailer.refuse_when_full()

    await done.wait()
    await until(lambda: not mailer._running)
    mailer.refuse_when_full()


@pytest.mark.parametrize("mail", ["smtp://127.0.0.1:1", "file:///proc/nowhere/mail"])
async def test_a_mail_that_cannot_be_sent_breaks_nothing(settings, mail):
    await Mailer(settings(mail)).send("admin@lyon.example", "A subject", "text")


def test_the_setting_names_a_folder_or_a_server_and_nothing_else(settings, tmp_path):
    (tmp_path / "smtp.password").write_text("secret")

    assert isinstance(sender_of(settings("file:///var/mail")), FileSender)
    assert isinstance(sender_of(settings("smtps://souk@mail.example")), SmtpSender)
    assert sender_of(settings(None)) is None
    for wrong in ("http://mail.example", "mail.example", "ftp://x"):
        with pytest.raises(ValidationError):
            settings(wrong)


def test_a_server_that_asks_for_a_password_finds_it_in_the_secrets(settings):
    with pytest.raises(SystemExit, match=r"smtp\.password"):
        sender_of(settings("smtps://souk@mail.example"))
