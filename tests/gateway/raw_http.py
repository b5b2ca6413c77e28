"""Bytes on a socket, for what no client library would send."""

import asyncio
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

_VARYING = ("date", "x-request-id", "ratelimit", "ratelimit-policy")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def shape(self):
        """All of it but what differs from request to request."""
        fixed = {k: v for k, v in self.headers.items() if k not in _VARYING}
        return self.status, fixed, {**self.json, "request_id": ""}


async def exchange(url, request):
    """Sends bytes and reads one answer."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(request)
        await writer.drain()
        async with asyncio.timeout(20):
            return await _answer(reader)
    finally:
        writer.close()


async def ask(url, *hosts, target=b"/store/regions", headers=(), method=b"GET"):
    """Sends a request with these Host headers, as bytes, however many."""
    lines = [b"Host: %b" % host for host in hosts]
    lines += [b"%b: %b" % (name.encode(), value.encode()) for name, value in headers]
    head = b"\r\n".join([b"%b %b HTTP/1.1" % (method, target), *lines, b"Connection: close"])
    return await exchange(url, head + b"\r\n\r\n")


async def _answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(": ", 1) for line in lines if line)
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(first.split()[1]), headers, body)
