"""What stands in front of the routes alone: a slot of the fair queue, and a deadline.

What is answered from memory needs neither. A read that many wait for takes one slot, not one each.
"""

import asyncio
import contextlib
from collections.abc import Callable

from gateway.asgi import App, Receive, Scope, Send
from gateway.edge.fair_queue import FairQueue
from gateway.limits import Holder
from gateway.request_state import REQUEST_SECONDS, of_scope
from services.kernel.call import recorded_events
from services.kernel.call.client import deadline


class Bounded:
    """Serves a request while it holds its tenant's slot, for REQUEST_SECONDS at most."""

    def __init__(self, app: App, fair_queue: Callable[[], FairQueue]) -> None:
        self._app = app
        self._fair_queue = fair_queue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = of_scope(scope)
        holder = state.get(Holder)
        slot = contextlib.nullcontext() if holder is None else self._fair_queue().slot(holder)
        async with asyncio.timeout(REQUEST_SECONDS) as state.timeout, slot:
            with deadline(REQUEST_SECONDS), recorded_events.collecting() as state.events:
                await self._app(scope, receive, send)
