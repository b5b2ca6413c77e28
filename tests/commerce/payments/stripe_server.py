"""A server that speaks the part of Stripe's wire that is used, and fails when it is told to.

localstripe does not serve here: it knows no idempotency keys, confirms no intent with a payment
method, and cannot lose an answer.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

KEY = "sk_test_of_ours"
Answer = tuple[int, dict[str, Any]]


@dataclass
class StripeServer:
    """Payment intents by id, and what the server does wrong."""

    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    loses: set[str] = field(default_factory=set)
    """Of requests that begin so, the answer is lost, although they are done."""
    keeps_waiting: set[str] = field(default_factory=set)
    """Requests that begin so wait until they are taken out."""
    fails: set[str] = field(default_factory=set)
    """Requests that begin so are answered with 500."""
    url: str = ""
    _answers: dict[str, tuple[object, Answer]] = field(default_factory=dict)

    def pay(self, intent_id: str, *, status: str = "requires_capture") -> None:
        """Does what the shopper's browser does with the client secret."""
        intent = self.intents[intent_id]
        intent["status"], intent["last_payment_error"] = status, None
        intent["amount_capturable"] = intent["amount"] if status == "requires_capture" else 0
        intent["amount_received"] = intent["amount"] if status == "succeeded" else 0

    def decline(self, intent_id: str) -> None:
        error = {"code": "card_declined", "message": "Your card was declined."}
        self.intents[intent_id] |= {
            "status": "requires_payment_method",
            "last_payment_error": error,
        }

    def of_cart(self, cart_id: str) -> list[dict[str, Any]]:
        return [one for one in self.intents.values() if one["metadata"]["cart_id"] == cart_id]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split()
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = f"{method} {path}"
        self.requests.append(request)
        while any(request.startswith(one) for one in self.keeps_waiting):
            await asyncio.sleep(0.02)
        if any(request.startswith(one) for one in self.fails):
            status, answer = _error(500, "api_error", "api_error")
        else:
            status, answer = self._answer(method, path, headers, dict(parse_qsl(body.decode())))
        if any(request.startswith(one) for one in self.loses):
            return False
        text = json.dumps(answer).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
            f"content-length: {len(text)}\r\n\r\n".encode()
            + text
        )
        await writer.drain()
        return True

    def _answer(
        self, method: str, path: str, headers: dict[str, str], form: dict[str, str]
    ) -> Answer:
        if headers.get("authorization") != f"Bearer {KEY}":
            return _error(401, "invalid_request_error", "invalid_api_key")
        key = headers.get("idempotency-key")
        if method != "POST" or key is None:
            return self._act(method, path.split("/")[2:], form)
        request = (path, form)
        if key not in self._answers:
            status, answer = self._act(method, path.split("/")[2:], form)
            self._answers[key] = request, (status, json.loads(json.dumps(answer)))
        first, answered = self._answers[key]
        return (
            answered if first == request else _error(400, "idempotency_error", "idempotency_error")
        )

    def _act(self, method: str, path: list[str], form: dict[str, str]) -> Answer:
        match method, path:
            case "POST", ["payment_intents"]:
                return 200, self._create(form)
            case "POST", ["refunds"]:
                return self._refund(form["payment_intent"])
            case _, ["payment_intents", intent_id, *_] if intent_id not in self.intents:
                return _error(404, "invalid_request_error", "resource_missing")
            case "GET", ["payment_intents", intent_id]:
                return 200, self.intents[intent_id]
            case "POST", ["payment_intents", intent_id, "cancel"]:
                return self._cancel(self.intents[intent_id])
        return _error(404, "invalid_request_error", "unknown_url")

    def _create(self, form: dict[str, str]) -> dict[str, Any]:
        intent_id = f"pi_{uuid4().hex}"
        metadata = {
            name[len("metadata[") : -1]: value
            for name, value in form.items()
            if name.startswith("metadata[")
        }
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": int(form["amount"]),
            "amount_capturable": 0,
            "amount_received": 0,
            "capture_method": form["capture_method"],
            "client_secret": f"{intent_id}_secret_{uuid4().hex}",
            "created": int(time.time()),
            "currency": form["currency"],
            "last_payment_error": None,
            "metadata": metadata,
            "status": "requires_payment_method",
        }
        return self.intents[intent_id]

    def _cancel(self, intent: dict[str, Any]) -> Answer:
        if intent["status"] in ("succeeded", "canceled"):
            return _error(400, "invalid_request_error", "payment_intent_unexpected_state")
        intent |= {"status": "canceled", "amount_capturable": 0}
        return 200, intent

    def _refund(self, intent_id: str) -> Answer:
        intent = self.intents[intent_id]
        if any(refund["payment_intent"] == intent_id for refund in self.refunds):
            return _error(400, "invalid_request_error", "charge_already_refunded")
        refund = {"id": f"re_{uuid4().hex}", "object": "refund", "payment_intent": intent_id}
        self.refunds.append(refund | {"amount": intent["amount_received"]})
        return 200, self.refunds[-1]


def _error(status: int, kind: str, code: str) -> Answer:
    return status, {"error": {"type": kind, "code": code, "message": f"It is {code}."}}


@asynccontextmanager
async def stripe_server() -> AsyncIterator[StripeServer]:
    stripe = StripeServer()
    server = await asyncio.start_server(stripe.handle, "127.0.0.1", 0)
    stripe.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stripe
    finally:
        server.close()
