"""The witness's one path, as plain ASGI without a framework."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from services.witness.witness import MOST_BYTES, Response, Witness

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def create_app(witness: Witness) -> Callable[[Any, Receive, Send], Awaitable[None]]:
    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        route = scope["method"], scope["path"]
        if route == ("POST", "/add-checkpoint"):
            body = await _body(receive)
            response = (
                Response(413, "request body too large\n")
                if body is None
                else witness.add_checkpoint(body)
            )
        else:
            response = Response(404, "not found\n")
        headers = [(b"content-type", response.media_type.encode())]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.text.encode()})

    return app


async def _body(receive: Receive) -> bytes | None:
    """Reads a body; None if it is longer than any valid one."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = bool(message.get("more_body"))
        if len(body) > MOST_BYTES:
            return None
    return body
