"""Mail that a platform wrote into its folder."""

import asyncio
import re
from email import message_from_bytes, policy


async def message_to(platform, address, *, number=1, about=""):
    """Waits until an address got so many mails, and returns the last one.

    With `about`, only those count whose plain text has it.
    """
    async with asyncio.timeout(10):
        while True:
            mails = [
                message_from_bytes(path.read_bytes(), policy=policy.default)
                for path in sorted(platform.topology.mail.glob("*.eml"))
            ]
            found = [mail for mail in mails if mail["To"] == address and about in text_of(mail)]
            if len(found) >= number:
                return found[-1]
            await asyncio.sleep(0.05)


async def mail_to(platform, address, *, number=1, about=""):
    """Waits until an address got so many mails, and tells the last one's plain text."""
    return text_of(await message_to(platform, address, number=number, about=about))


def text_of(mail, kind="plain"):
    body = mail.get_body((kind,))
    assert body is not None
    return body.get_content()


def token_in(text):
    [token] = re.findall(r"souk_[a-z]+_\S{43}", text)
    return token
