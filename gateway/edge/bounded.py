"""What stands in front of the routes alone: a slot of the fair queue, and a deadline.

What is answered from memory needs neither. A read that many wait for takes one slot, not one each.
"""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from gateway.asgi import App, Receive, Scope, Send
from gateway.edge.fair_queue import FairQueue
from gateway.limits import Holder, Kind
from gateway.request_state import PICTURE_SECONDS, REQUEST_SECONDS, of_scope
from services.kernel.call import recorded_events
from services.kernel.call.client import deadline


class Bounded:
    """Serves a request while it holds its tenant's slot, for REQUEST_SECONDS at most.

    A picture has PICTURE_SECONDS; `queue_of` returns whose slots a kind of request takes.
    """

    def __init__(self, app: App, queue_of: Callable[[Kind], FairQueue]) -> None:
        self._app = app
        self._queue_of = queue_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = of_scope(scope)
        holder = state.get(Holder)
        is_picture = holder is not None and holder.kind is Kind.PICTURE
        seconds = PICTURE_SECONDS if is_picture else REQUEST_SECONDS
        async with asyncio.timeout(seconds) as state.timeout, self._slot(holder):
            with deadline(REQUEST_SECONDS), recorded_events.collecting() as state.events:
                await self._app(scope, receive, send)

    def _slot(self, holder: Holder | None) -> AbstractAsyncContextManager[None]:
        if holder is None:
            return contextlib.nullcontext()
        return self._queue_of(holder.kind).slot(holder)
