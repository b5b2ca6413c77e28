"""The server's end of a connection, without a socket, to an application that only answers."""

import asyncio
import json

from gateway.edge.body_budget import buffered_body


class Transport(asyncio.Transport):
    """What is sent to a client, and whether that ended the connection."""

    def __init__(self, peer="192.0.2.7"):
        super().__init__({"peername": (peer, 50_000)})
        self.sent, self.is_closed = b"", False

    def write(self, data):
        self.sent += data

    def close(self):
        self.is_closed = True

    def is_closing(self):
        return self.is_closed

    def pause_reading(self):
        pass

    def resume_reading(self):
        pass


async def application(scope, receive, send):
    """Answers 204, but /silent never, /headers with their names, /size with the body's size."""
    if scope["path"] == "/silent":
        await asyncio.Event().wait()
    answer = b""
    if scope["path"] == "/headers":
        await buffered_body(scope["state"]["body"], receive)
        answer = json.dumps([name.decode() for name, _ in scope["headers"]]).encode()
    if scope["path"] == "/size":
        body = await (await buffered_body(scope["state"]["body"], receive))()
        answer = str(len(body["body"])).encode()
    status = 200 if answer else 204
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": answer})
