"""Stops a gateway without losing a request: it first sheds its clients, and only then stops.

A client with a keep-alive connection may send a request at the moment when the server closes it,
and cannot know whether it was read. So from the first signal on, each response says
`connection: close`, /readyz returns 503, and for a while every request is still served.
"""

import time
from dataclasses import dataclass
from typing import cast

import uvicorn

SHED_SECONDS = 2.0


@dataclass(slots=True)
class Draining:
    """When the stop signal came, on the monotonic clock; each request's scope has it."""

    began: float | None = None

    @property
    def has_begun(self) -> bool:
        return self.began is not None


class Server(uvicorn.Server):
    """A server that sheds clients before it stops; a second signal stops it at once."""

    @property
    def draining(self) -> Draining:
        return cast(Draining, self.lifespan.state["draining"])

    async def on_tick(self, counter: int) -> bool:
        """Returns whether to stop; uvicorn calls it ten times a second."""
        if not await super().on_tick(counter):
            return False
        draining = self.draining
        if draining.began is None:
            draining.began = time.monotonic()
        is_over = time.monotonic() >= draining.began + SHED_SECONDS
        return self.force_exit or is_over or not self.server_state.connections
